/* SPDX-License-Identifier: MIT */
/* Events of condition variables and barriers. Under the analysis lock.
 *
 * Which waiter a signal wakes is not known, so waiters and signals are counted: `waiting` waiters have not
 * returned, at most `signals` of them have been woken. When the two are equal, and at a broadcast, all are
 * known to be: they no longer use the condition variable, which may be destroyed. */
#include "analysis/misuse.h"
#include "analysis/state.h"
#include "analysis/sync.h"
#include "analysis/waitgraph.h"

/* --- condition variables ---------------------------------------------------------------------- */

/* Another thread that waits, for certain, with another mutex. */
static const struct thread *find_mismatch(struct detector *det, const struct object *cond,
                                          const struct object *mutex)
{
    if (cond->more->waiting <= cond->more->signals)
        return NULL;
    for (const struct thread *other = det->waiters; other; other = other->wait_next)
        if (other->wait.object == cond && other->wait.reason == WAIT_COND && !other->wait.woken &&
            other->wait.mutex && other->wait.mutex != mutex)
            return other;
    return NULL;
}

/* pthread_mutex_t or mtx_t: the call does not say. */
static struct object *find_mutex(struct detector *det, struct thread *thread,
                                 const struct event *event)
{
    struct object *mtx = objects_find(&det->objects, OBJECT_MTX, event->addr2);
    enum object_kind kind = mtx && mtx->state == STATE_LIVE ? OBJECT_MTX : OBJECT_MUTEX;
    return life_object(det, thread, kind, event->addr2, event);
}

/* The mutex is given up by the wait. False: the thread did not hold it. */
static bool give_up_mutex(struct detector *det, struct thread *thread, struct object *cond,
                          struct object *mutex, const struct event *event)
{
    thread_refresh_held(thread);
    locks_publish(det, thread, mutex);
    if (locks_drop(thread, mutex))
        return true;
    if (!(mutex->flags & OBJ_ERRORCHECK)) {
        misuse_wait_unlocked(det, thread, cond, mutex, event);
        locks_release_for_others(mutex); /* as the library does */
    }
    return false;
}

void conds_wait(struct detector *det, struct thread *thread, const struct event *event)
{
    struct object *cond = life_object(det, thread, OBJECT_COND, event->addr, event);
    struct object *mutex = find_mutex(det, thread, event);
    struct object_more *more = cond ? life_more(det, cond) : NULL;
    if (!more || !mutex)
        return;
    if (give_up_mutex(det, thread, cond, mutex, event)) {
        const struct thread *other = find_mismatch(det, cond, mutex);
        if (other)
            misuse_two_mutexes(det, thread, cond, mutex, other, event);
    }
    more->mutex = mutex->uid;
    more->waiting++;
    struct wait wait = {
        .reason = WAIT_COND,
        .timed = event->flags & EVF_TIMED,
        .shared = (event->flags & EVF_SHARED) || (cond->flags & OBJ_SHARED),
        .object = cond,
        .uid = cond->uid,
        .mutex = mutex,
        .stack = detector_stack(det, event),
    };
    waitgraph_begin(det, thread, &wait);
}

/* One of the signals was for this waiter, as far as can be told. */
static void take_signal(const struct thread *thread, const struct object *cond,
                        const struct event *event)
{
    struct object_more *more = cond->more;
    bool waited = thread->wait.reason == WAIT_COND && thread->wait.object == cond &&
                  !thread->wait.woken && thread->wait.uid == cond->uid;
    if (waited && more && more->signals > 0 && !(event->flags & (EVF_TIMED_OUT | EVF_REFUSED)))
        more->signals--;
}

void conds_wake(struct detector *det, struct thread *thread, const struct event *event)
{
    struct object *cond = life_waited_on(det, thread, event);
    if (cond)
        take_signal(thread, cond, event);
    waitgraph_end(det, thread);
    if (event->flags & EVF_REFUSED)
        return;
    if (cond && !(event->flags & (EVF_TIMED_OUT | EVF_CANCELLED | EVF_NO_ORDER)))
        sync_acquire(det, thread, cond);
    struct object *mutex = find_mutex(det, thread, event);
    if (!mutex)
        return;
    struct event again = *event;
    again.type = EVENT_ACQUIRE;
    again.object = mutex->kind;
    again.addr = event->addr2;
    again.mode = MODE_EXCLUSIVE;
    again.flags &= ~(EVF_TIMED | EVF_TRY); /* it waits for the mutex as long as it takes */
    locks_acquire(det, thread, &again);
}

static void wake_all(struct detector *det, struct object *cond)
{
    for (struct thread *waiter = det->waiters; waiter; waiter = waiter->wait_next)
        if (waiter->wait.object == cond && waiter->wait.reason == WAIT_COND)
            waitgraph_wake(det, waiter);
    cond->more->waiting = cond->more->signals = 0;
}

static void publish_on(struct detector *det, struct thread *thread, struct object *mutex)
{
    sync_release_hard(det, thread, mutex);
    mutex->flags |= OBJ_ORDERED;
}

static bool is_mutex(const struct object *object)
{
    return object->kind == OBJECT_MUTEX || object->kind == OBJECT_MTX;
}

/* The mutex of a condition variable that nobody has waited for yet is taken to be one that the signaller holds, or
 * else the one that it has just released. */
static struct object *mutex_of(struct detector *det, const struct thread *thread,
                               const struct object *cond)
{
    lock_uid uid = cond->more->mutex;
    if (!uid && thread->held.count == 0)
        uid = thread->released;
    struct object *mutex = uid ? objects_by_uid(&det->objects, uid) : NULL;
    return mutex && is_mutex(mutex) ? mutex : NULL;
}

/* A thread that finds the condition true does not wait: only the mutex tells it of the signaller, who may
 * have released it already. With several signallers and waiters, nobody knows who is meant: all who take
 * the mutex later are. */
static void publish_on_mutexes(struct detector *det, struct thread *thread,
                               const struct object *cond)
{
    for (uint32_t i = 0; i < thread->held.count; i++)
        if (is_mutex(thread->held.locks[i].object))
            publish_on(det, thread, thread->held.locks[i].object);
    struct object *mutex = mutex_of(det, thread, cond);
    if (mutex && !held_find(&thread->held, mutex))
        publish_on(det, thread, mutex);
}

static void note_unlocked(struct detector *det, struct thread *thread, struct object *cond,
                          const struct event *event)
{
    struct object *mutex = objects_by_uid(&det->objects, cond->more->mutex);
    if (mutex && !held_find(&thread->held, mutex))
        misuse_signal_unlocked(det, thread, cond, mutex, event);
}

/* --- barriers that are made by hand --- */

#define FUNCTION_BYTES 1024u

/* The function of a library of condition variables stands between, as C++'s does. */
static bool is_wrapped(const struct stack_view *stack)
{
    return stack->count > 1 && FRAME_MODULE(stack->frames[0]) != FRAME_MODULE(stack->frames[1]);
}

static bool are_near(frame_t a, frame_t b)
{
    return (a > b ? a - b : b - a) < FUNCTION_BYTES;
}

/* Whether it looks like one function, called from one place, that either waits or broadcasts. */
static bool is_one_function(const struct detector *det, stack_id wait, stack_id broadcast)
{
    struct stack_view w = depot_get(det->depot, wait), b = depot_get(det->depot, broadcast);
    uint32_t at = is_wrapped(&w);
    if (w.count != b.count || w.count < at + 2 || is_wrapped(&b) != at || !are_near(w.frames[at], b.frames[at]))
        return false;
    for (uint32_t i = at + 1; i < w.count; i++)
        if (w.frames[i] != b.frames[i])
            return false;
    return true;
}

/* Waiters do not come before who wakes them: he would have done that without them as well. Not so the last one to
 * come to a barrier that is made of a mutex and a condition variable: he wakes the others because they have come. By what
 * it does that is known from other uses: all play the same part, by a function that either waits or broadcasts, under the mutex. */
static void meet(struct detector *det, struct thread *last, const struct object *cond)
{
    for (struct thread *waiter = det->waiters; waiter; waiter = waiter->wait_next) {
        struct wait *wait = &waiter->wait;
        if (wait->object != cond || wait->reason != WAIT_COND || wait->woken || !waiter->has_clock || !last->has_clock ||
            !wait->mutex || !held_find(&last->held, wait->mutex) ||
            !is_one_function(det, wait->stack, cond->more->waker_stack))
            continue;
        struct vc_time now = {0};
        vc_now(&waiter->clock, &now);
        vc_acquire(&det->clocks, &last->clock, &now);
        vc_time_clear(&det->clocks, &now);
        wait->known = true;
    }
}

void conds_signal(struct detector *det, struct thread *thread, const struct event *event)
{
    bool all = event->type == EVENT_BROADCAST;
    struct object *cond = life_object(det, thread, OBJECT_COND, event->addr, event);
    struct object_more *more = cond ? life_more(det, cond) : NULL;
    if (!more)
        return;
    thread_refresh_held(thread);
    more->waker = thread->id;
    more->waker_stack = detector_stack(det, event);
    if (more->mutex)
        note_unlocked(det, thread, cond, event);
    if (all)
        meet(det, thread, cond);
    sync_release(det, thread, cond);
    publish_on_mutexes(det, thread, cond);
    if (more->signals < more->waiting)
        more->signals++;
    if (all || more->signals == more->waiting)
        wake_all(det, cond);
}

/* --- barriers --------------------------------------------------------------------------------- */

/* The last of a cycle has come: the others run again, and the barrier is not in use any more. */
static void complete_cycle(struct detector *det, struct thread *last, struct object *barrier)
{
    barrier->more->arrived = 0;
    for (struct thread *waiter = det->waiters; waiter; waiter = waiter->wait_next) {
        if (waiter->wait.object != barrier || waiter->barrier_cycle != barrier->more->cycle)
            continue;
        waitgraph_wake(det, waiter);
        sync_cycle_wake(det, waiter, barrier);
    }
    sync_cycle_wake(det, last, barrier);
    sync_cycle_end(det, barrier);
    barrier->more->cycle++;
}

void barriers_enter(struct detector *det, struct thread *thread, const struct event *event)
{
    struct object *barrier = life_object(det, thread, OBJECT_BARRIER, event->addr, event);
    struct object_more *more = barrier ? life_more(det, barrier) : NULL;
    if (!more)
        return;
    thread->barrier_cycle = more->cycle;
    sync_cycle_enter(det, thread, barrier);
    more->arrived++;
    if (more->arrived == more->threads) {
        complete_cycle(det, thread, barrier);
        return;
    }
    struct wait wait = {
        .reason = WAIT_BARRIER,
        /* Of an unknown number of threads some may be elsewhere. */
        .shared = (event->flags & EVF_SHARED) || (barrier->flags & OBJ_SHARED) || !more->threads,
        .object = barrier,
        .uid = barrier->uid,
        .stack = detector_stack(det, event),
    };
    waitgraph_begin(det, thread, &wait);
}

void barriers_leave(struct detector *det, struct thread *thread, const struct event *event)
{
    struct object *barrier = life_waited_on(det, thread, event);
    waitgraph_end(det, thread);
    if (!(event->flags & EVF_NO_ORDER))
        sync_cycle_leave(det, thread, barrier);
    else if (barrier && barrier->more && thread->barrier_cycle == barrier->more->cycle && barrier->more->arrived > 0)
        barrier->more->arrived--;
}
