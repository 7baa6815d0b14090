/* SPDX-License-Identifier: MIT */
/* Registered waits and the search for cycles among them; see waitgraph.h. Called by the handlers of
 * events, under the analysis lock. */
#include "analysis/waitgraph.h"

#include "analysis/misuse.h"

/* --- registration ----------------------------------------------------------------------------- */

/* A handler may post a semaphore or wake a futex, and many a program signals a condition variable in one,
 * though pthread_cond_signal is not made for it. */
static bool ends_by_handler(const struct wait *wait)
{
    if (wait->woken || !wait->object)
        return false;
    return wait->object->kind == OBJECT_SEM || wait->object->kind == OBJECT_FUTEX ||
           wait->object->kind == OBJECT_COND;
}

/* Whether only another thread of this process can end the wait. */
static bool is_counted(const struct detector *det, const struct wait *wait)
{
    /* A woken waiter needs its mutex back, and for that it waits without limit. */
    if ((wait->timed && !wait->woken) || wait->shared)
        return false;
    return !(ends_by_handler(wait) && det->interruptible > 0);
}

static void set_counted(struct detector *det, struct wait *wait, bool counted)
{
    if (wait->counted == counted)
        return;
    wait->counted = counted;
    uint32_t change = counted ? 1 : -1u;
    fetch_add_relaxed(&det->waiting, change);
    if (wait->spinning)
        fetch_add_relaxed(&det->spinning, change);
}

void waitgraph_note_all_waiting(struct detector *det)
{
    if (det->alive > 0 && det->waiting == det->alive)
        det->all_waiting = true;
}

static void link_wait(struct detector *det, struct thread *thread)
{
    thread->wait_prev = NULL;
    thread->wait_next = det->waiters;
    if (det->waiters)
        det->waiters->wait_prev = thread;
    det->waiters = thread;
    if (thread->wait.object)
        object_rest(thread->wait.object)->waiters++;
    detector_next_sequence(det);
    set_counted(det, &thread->wait, is_counted(det, &thread->wait));
    thread_attend(thread, ATTENTION_WAIT);
}

static void unlink_wait(struct detector *det, struct thread *thread)
{
    if (thread->wait_next)
        thread->wait_next->wait_prev = thread->wait_prev;
    if (thread->wait_prev)
        thread->wait_prev->wait_next = thread->wait_next;
    else
        det->waiters = thread->wait_next;
    struct object *object = thread->wait.object;
    if (object && object_rest(object)->waiters > 0 && object->uid == thread->wait.uid)
        object_rest(object)->waiters--;
    detector_next_sequence(det);
    set_counted(det, &thread->wait, false);
    thread_unattend(thread, ATTENTION_WAIT);
}

void waitgraph_begin(struct detector *det, struct thread *thread, const struct wait *wait)
{
    waitgraph_end(det, thread);
    thread->wait = *wait;
    thread->wait.counted = false;
    link_wait(det, thread);
    if (!wait->deadlocked)
        waitgraph_search(det, thread, false);
    waitgraph_note_all_waiting(det);
}

/* However the wait ends: the condition variable has one waiter less, unless a signal took him off already. */
static void leave_cond(const struct wait *wait)
{
    struct object *cond = wait->object;
    if (wait->reason != WAIT_COND || wait->woken || cond->uid != wait->uid || !cond->more)
        return;
    struct object_more *more = cond->more;
    if (more->waiting > 0)
        more->waiting--;
    if (more->signals > more->waiting)
        more->signals = more->waiting;
}

/* What the thread does from here on is not what another one knows of it. */
static void leave_known(struct detector *det, struct thread *thread)
{
    struct vc_time known = {0};
    if (!thread->wait.known)
        return;
    vc_release(&det->clocks, &thread->clock, &known);
    vc_time_clear(&det->clocks, &known);
    thread->wait.known = false;
}

void waitgraph_end(struct detector *det, struct thread *thread)
{
    if (thread->wait.reason == WAIT_NONE)
        return;
    leave_known(det, thread);
    unlink_wait(det, thread);
    leave_cond(&thread->wait);
    thread->wait.reason = WAIT_NONE;
}

void waitgraph_wake(struct detector *det, struct thread *thread)
{
    thread->wait.woken = true;
    set_counted(det, &thread->wait, is_counted(det, &thread->wait));
    detector_next_sequence(det);
}

void waitgraph_suspend(struct detector *det, struct thread *thread, struct wait *into)
{
    leave_known(det, thread);
    *into = thread->wait;
    if (thread->wait.reason == WAIT_NONE)
        return;
    unlink_wait(det, thread);
    thread->wait.reason = WAIT_NONE;
}

void waitgraph_resume(struct detector *det, struct thread *thread, const struct wait *from)
{
    waitgraph_end(det, thread);
    if (from->reason == WAIT_NONE ||
        (from->object && (from->object->uid != from->uid || from->object->state == STATE_NONE)))
        return;
    thread->wait = *from;
    thread->wait.counted = false;
    link_wait(det, thread);
    waitgraph_note_all_waiting(det);
}

void waitgraph_recount(struct detector *det)
{
    for (struct thread *waiter = det->waiters; waiter; waiter = waiter->wait_next)
        if (waiter->wait.object && waiter->wait.object->kind == OBJECT_SEM)
            set_counted(det, &waiter->wait, is_counted(det, &waiter->wait));
    detector_next_sequence(det);
}

/* --- edges ------------------------------------------------------------------------------------ */

struct search {
    struct detector *det;
    struct thread *start;
    struct thread *last;       /* of the queue */
    struct thread *closed_by;  /* the thread whose wait leads back to the start */
    bool guess;
};

/* The thread `to` stands in the way of the thread `from`. */
static void visit_edge(struct search *search, struct thread *from, struct thread *to)
{
    /* A thread in its own way is no cycle: misuse.h has names for it. */
    if (!to || search->closed_by || (to == from && to == search->start))
        return;
    if (to == search->start) {
        search->closed_by = from;
        return;
    }
    if (to->seen_by == search->det->searches || to->wait.reason == WAIT_NONE)
        return;
    to->seen_by = search->det->searches;
    to->found_from = from;
    to->search_next = NULL;
    search->last->search_next = to;
    search->last = to;
}

static bool waits_to_write(const struct thread *thread, const struct object *object)
{
    return thread->wait.reason == WAIT_LOCK && thread->wait.object == object &&
           thread->wait.mode == MODE_EXCLUSIVE && !thread->wait.timed;
}

static bool reads(const struct thread *thread, const struct object *object)
{
    if (thread->held.count == 0)
        return false;
    const struct held_lock *held = held_find(&thread->held, object);
    return held && held->mode == MODE_SHARED;
}

/* Readers that run are no part of a cycle: only those that wait matter. */
static void visit_rwlock(struct search *search, struct thread *from, struct object *object)
{
    bool writes = from->wait.mode == MODE_EXCLUSIVE;
    visit_edge(search, from, load_acquire(&object->owner));
    if (!(writes ? load_relaxed(&object_rest(object)->readers) > 0 : object->flags & OBJ_WRITER_FIRST))
        return;
    for (struct thread *other = search->det->waiters; other; other = other->wait_next)
        if (other != from && (writes ? reads(other, object) : waits_to_write(other, object)))
            visit_edge(search, from, other);
}

static void visit_lock(struct search *search, struct thread *from)
{
    struct object *object = from->wait.object;
    if (object->uid != from->wait.uid || object->state != STATE_LIVE || from->wait.timed)
        return;
    if (object->kind == OBJECT_RWLOCK)
        visit_rwlock(search, from, object);
    else if (object->kind != OBJECT_SEM || object->flags & OBJ_CONFIRMED || search->guess)
        visit_edge(search, from, load_acquire(&object->owner));
}

static void visit_edges(struct search *search, struct thread *from)
{
    const struct wait *wait = &from->wait;
    if (wait->reason == WAIT_LOCK) {
        visit_lock(search, from);
    } else if (wait->reason == WAIT_COND && wait->mutex) {
        visit_edge(search, from, load_acquire(&wait->mutex->owner));
    } else if (wait->reason == WAIT_JOIN && !wait->timed && wait->target &&
               wait->target->id == wait->target_id && !wait->target->ended) {
        visit_edge(search, from, wait->target);
    }
}

/* --- reports ---------------------------------------------------------------------------------- */

#define CYCLE_MAX FINDING_THREADS

/* What the thread needs from the next one; NULL for a join. */
static struct object *needed(const struct thread *thread)
{
    if (thread->wait.reason == WAIT_COND)
        return thread->wait.mutex;
    return thread->wait.reason == WAIT_LOCK ? thread->wait.object : NULL;
}

static void add_wait_stack(struct detector *det, const struct thread *thread,
                           const struct thread *next)
{
    const struct object *object = needed(thread);
    if (!object) {
        uint32_t index = finding_add_thread(&det->finding, next->id);
        mistake_stack(det, role_joins(index), thread->id, thread->wait.stack);
        return;
    }
    uint32_t index = mistake_object(det, object);
    const char *role = role_waits_for(index);
    if (thread->wait.reason == WAIT_COND)
        role = role_waits_again_for(index);
    else if (!held_find(&next->held, object))
        role = role_waits_behind_writer(index);
    mistake_stack(det, role, thread->id, thread->wait.stack);
}

/* Where `next` acquired what `thread` waits for. */
static void add_acquired_stack(struct detector *det, const struct thread *thread,
                               const struct thread *next)
{
    const struct object *object = needed(thread);
    const struct held_lock *held = object ? held_find(&next->held, object) : NULL;
    if (held)
        mistake_stack(det, role_acquired(mistake_object(det, object)), next->id, held->stack);
}

static const char *cycle_message(struct thread *const *cycle, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (cycle[i]->wait.reason == WAIT_JOIN)
            return length == 2 ? "%T0 and %T1 wait for each other, one of them for the other's end"
                               : "threads wait for each other in a cycle, some for another's end";
    if (length == 2)
        return "%T0 waits for %O0, which %T1 holds, and %T1 waits for %O1, which %T0 holds";
    return "threads wait for each other in a cycle: each waits for what the next one holds";
}

static bool stands_on_semaphores(struct thread *const *cycle, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (cycle[i]->wait.object && cycle[i]->wait.object->kind == OBJECT_SEM)
            return true;
    return false;
}

enum { KEY_DEADLOCK, KEY_PLACES, KEY_LOCKS, KEYS };

/* Names of the cycle: as a deadlock, its places, wherever it starts; and, if it is one of locks only, what a
 * lock-order finding about it is called. Returns how many there are. */
static uint32_t cycle_keys(struct detector *det, struct thread *const *cycle, uint32_t length,
                           uint64_t keys[KEYS])
{
    lock_uid uids[CYCLE_MAX];
    stack_id holds[CYCLE_MAX], wants[CYCLE_MAX];
    uint64_t places = 0;
    bool locks_only = true;
    for (uint32_t i = 0; i < length; i++) {
        const struct object *object = needed(cycle[i]);
        const struct thread *next = cycle[(i + 1) % length];
        const struct held_lock *held = object ? held_find(&next->held, object) : NULL;
        places += hash_mix(depot_top(det->depot, cycle[i]->wait.stack), KIND_DEADLOCK);
        uids[i] = object ? object->uid : 0;
        wants[i] = cycle[i]->wait.stack;
        holds[(i + 1) % length] = held ? held->stack : STACK_NONE;
        locks_only &= object != NULL;
    }
    keys[KEY_DEADLOCK] = hash_mix(places, length);
    if (!locks_only)
        return KEY_DEADLOCK + 1;
    keys[KEY_PLACES] = lockgraph_places_key(det->depot, holds, wants, length);
    keys[KEY_LOCKS] = lockgraph_locks_key(uids, length);
    return KEYS;
}

/* The lock-order finding that said that this could happen; 0: none. */
static uint32_t predicted_by(struct detector *det, const uint64_t keys[KEYS])
{
    uint32_t number = finding_lookup(&det->findings, keys[KEY_LOCKS]);
    return number ? number : finding_lookup(&det->findings, keys[KEY_PLACES]);
}

static void report_cycle(struct detector *det, struct thread **cycle, uint32_t length,
                         uint32_t left_out)
{
    mistake_begin(det, KIND_DEADLOCK, CONFIDENCE_CERTAIN, cycle_message(cycle, length));
    for (uint32_t i = 0; i < length; i++) {
        mistake_thread(det, cycle[i]->id);
        if (needed(cycle[i]))
            mistake_object(det, needed(cycle[i]));
    }
    for (uint32_t i = 0; i < length; i++)
        add_wait_stack(det, cycle[i], cycle[(i + 1) % length]);
    for (uint32_t i = 0; i < length; i++)
        add_acquired_stack(det, cycle[i], cycle[(i + 1) % length]);
    for (uint32_t i = 0; i < length; i++)
        mistake_held(det, cycle[i]);
    det->finding.truncated += left_out;
    uint64_t keys[KEYS];
    uint32_t count = cycle_keys(det, cycle, length, keys);
    /* It takes the place of its lock-order finding; if there is none, none will follow. */
    det->finding.replaces = count == KEYS ? predicted_by(det, keys) : 0;
    if (mistake_end_named(det, keys, det->finding.replaces ? 1 : count) &&
        stands_on_semaphores(cycle, length))
        mistake_relies_on_semaphores(det);
}

/* Whichever thread closed it, one cycle is told in one way: from the thread with the lowest number on. */
static void rotate_to_first(struct thread **cycle, uint32_t length)
{
    struct thread *copy[CYCLE_MAX];
    uint32_t first = 0;
    for (uint32_t i = 0; i < length; i++) {
        copy[i] = cycle[i];
        if (cycle[i]->id < cycle[first]->id)
            first = i;
    }
    for (uint32_t i = 0; i < length; i++)
        cycle[i] = copy[(first + i) % length];
}

/* The path from the start to the thread that closed the cycle, in the order of the waits. Longer ones are cut
 * in the report: the threads left out are counted by the finding. */
static void report_path(struct search *search)
{
    struct thread *cycle[CYCLE_MAX];
    uint32_t length = 0, left_out = 0;
    for (struct thread *t = search->closed_by;; t = t->found_from) {
        t->wait.deadlocked = true;
        if (length < CYCLE_MAX)
            cycle[length++] = t;
        else
            left_out++;
        if (t == search->start)
            break;
    }
    for (uint32_t i = 0; i < length / 2; i++) {
        struct thread *swap = cycle[i];
        cycle[i] = cycle[length - 1 - i];
        cycle[length - 1 - i] = swap;
    }
    if (left_out == 0)
        rotate_to_first(cycle, length);
    report_cycle(search->det, cycle, length, left_out);
}

bool waitgraph_search(struct detector *det, struct thread *thread, bool guess)
{
    struct search search = {.det = det, .start = thread, .last = thread, .guess = guess};
    det->searches++;
    thread->seen_by = det->searches;
    thread->found_from = NULL;
    thread->search_next = NULL;
    for (struct thread *at = thread; at && !search.closed_by; at = at->search_next)
        visit_edges(&search, at);
    if (!search.closed_by)
        return false;
    report_path(&search);
    return true;
}

/* --- nobody can go on ------------------------------------------------------------------------- */

/* What the thread waits for, entered in the finding. */
static const char *hang_role(struct detector *det, const struct thread *thread)
{
    const struct wait *wait = &thread->wait;
    mistake_thread(det, thread->id);
    if (wait->reason == WAIT_JOIN)
        return role_joins(finding_add_thread(&det->finding, wait->target_id));
    uint32_t object = mistake_object(det, wait->object);
    if (wait->reason == WAIT_COND && wait->woken && wait->mutex)
        return role_was_woken(mistake_object(det, wait->mutex));
    if (wait->reason == WAIT_LOCK && wait->object->flags & OBJ_OWNER_ENDED)
        return role_waits_for_ended(object);
    return role_waits_for(object);
}

/* Threads that wait for the same object have the last waker in common. */
static bool is_first_waiter(const struct detector *det, const struct thread *thread)
{
    const struct thread *t = det->waiters;
    while (t != thread && t->wait.object != thread->wait.object)
        t = t->wait_next;
    return t == thread;
}

static void add_last_waker(struct detector *det, const struct thread *thread)
{
    const struct wait *wait = &thread->wait;
    const struct object_more *more = wait->object ? wait->object->more : NULL;
    if (!more || more->waker == THREAD_NONE || wait->woken || !is_first_waiter(det, thread))
        return;
    uint32_t object = mistake_object(det, wait->object);
    mistake_stack(det, role_last_woke(object, wait->reason == WAIT_COND), more->waker,
                  more->waker_stack);
}

static void report_hang(struct detector *det)
{
    mistake_begin(det, KIND_HANG, CONFIDENCE_CERTAIN,
                  det->waiters->wait_next
                      ? "every thread waits, and no thread is left that could wake one"
                      : "%T0, the only thread left, waits, and nobody can wake it");
    for (const struct thread *t = det->waiters; t; t = t->wait_next)
        mistake_stack(det, hang_role(det, t), t->id, t->wait.stack);
    for (const struct thread *t = det->waiters; t; t = t->wait_next)
        add_last_waker(det, t);
    for (struct thread *t = det->waiters; t; t = t->wait_next)
        mistake_held(det, t);
    uint64_t key = hash_mix(KIND_HANG, 0);
    mistake_end_named(det, &key, 1);
}

/* A futex says nothing of whom it is shared with. */
static bool is_woken_from_outside(const struct detector *det, const struct wait *wait)
{
    return wait->object && wait->object->kind == OBJECT_FUTEX && det->env.is_shared &&
           det->env.is_shared(det->env.ctx, wait->object->addr);
}

bool waitgraph_report_stuck(struct detector *det)
{
    if (det->alive == 0 || det->waiting != det->alive)
        return false;
    for (const struct thread *t = det->waiters; t; t = t->wait_next)
        if (is_woken_from_outside(det, &t->wait))
            return false;
    bool explained = false;
    for (struct thread *t = det->waiters; t; t = t->wait_next)
        explained |= t->wait.deadlocked;
    for (struct thread *t = det->waiters; t && !explained; t = t->wait_next)
        explained = waitgraph_search(det, t, true);
    if (!explained)
        report_hang(det);
    return true;
}

bool waitgraph_is_valid(struct detector *det)
{
    uint32_t counted = 0;
    for (const struct thread *t = det->waiters; t; t = t->wait_next) {
        if (t->wait.reason == WAIT_NONE || t->ended ||
            (t->wait_next && t->wait_next->wait_prev != t))
            return false;
        counted += t->wait.counted;
    }
    return counted == det->waiting && det->waiting <= det->alive;
}
