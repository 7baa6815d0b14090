/* SPDX-License-Identifier: MIT */
/* Life of threads; see thread.h and the part of detector.h about threads. Called by the runtime, and by
 * detector.c for joins. */
#include "analysis/thread.h"

#include <string.h>

#include "analysis/hb.h"
#include "analysis/misuse.h"
#include "analysis/state.h"
#include "analysis/sync.h"
#include "analysis/waitgraph.h"

struct thread *thread_find(struct detector *det, thread_id id)
{
    struct hash_node *node = id ? hash_find(&det->threads_by_id, id) : NULL;
    return node ? hash_entry(node, struct thread, by_id) : NULL;
}

/* --- records ---------------------------------------------------------------------------------- */

static struct thread *take_record(struct detector *det)
{
    struct thread *thread = det->free_threads;
    if (!thread) {
        thread = arena_alloc(det->arena, sizeof(*thread));
        if (!thread)
            return NULL;
    } else {
        det->free_threads = thread->next;
        memset(thread, 0, sizeof(*thread));
    }
    held_init(&thread->held);
    thread->stack_watch = UINTPTR_MAX;
    return thread;
}

static void put_record(struct detector *det, struct thread *thread)
{
    thread->next = det->free_threads;
    det->free_threads = thread;
}

static void link_thread(struct detector *det, struct thread *thread)
{
    thread->prev = NULL;
    thread->next = det->threads;
    if (det->threads)
        det->threads->prev = thread;
    det->threads = thread;
}

static void unlink_thread(struct detector *det, struct thread *thread)
{
    if (thread->next)
        thread->next->prev = thread->prev;
    if (thread->prev)
        thread->prev->next = thread->next;
    else
        det->threads = thread->next;
}

/* What only a thread that runs needs. */
static void drop_caches(struct detector *det, struct thread *thread)
{
    race_thread_end(det, thread);
    objects_cache_clear(&det->objects, &thread->objects);
    lg_cache_clear(&thread->lg, det->graph);
    held_clear(&thread->held, det->arena);
}

/* The record goes: the thread has ended and nobody can ask for it any more. */
static void forget(struct detector *det, struct thread *thread)
{
    vc_time_clear(&det->clocks, &thread->end);
    vc_time_clear(&det->hb, &thread->hb_end);
    vc_time_clear(&det->clocks, &thread->cycle);
    vc_time_clear(&det->hb, &thread->hb_cycle);
    hash_remove(&det->threads_by_id, &thread->by_id);
    unlink_thread(det, thread);
    put_record(det, thread);
}

/* --- begin ------------------------------------------------------------------------------------ */

static bool enter(struct detector *det, struct thread *thread, struct thread *creator)
{
    if (!objects_cache_init(&det->objects, &thread->objects))
        return false;
    thread->has_clock =
        vc_clock_begin(&det->clocks, &thread->clock, creator ? &creator->clock : NULL);
    if (!thread->has_clock || !hash_add(&det->threads_by_id, &thread->by_id, det->last_thread + 1))
        return false;
    thread->id = ++det->last_thread;
    if (detector_is_full(det))
        hb_thread_begin(det, thread, creator);
    return true;
}

struct thread *detector_thread_create(struct detector *det, struct thread *creator, stack_id stack)
{
    if (creator && creator->race.pending)
        race_complete(det, creator);
    spin_lock(&det->lock);
    struct thread *thread = take_record(det);
    if (thread && !enter(det, thread, creator)) {
        if (thread->has_clock)
            vc_clock_end(&det->clocks, &thread->clock, NULL);
        drop_caches(det, thread);
        put_record(det, thread);
        thread = NULL;
    }
    if (thread) {
        thread->creator = creator ? creator->id : THREAD_NONE;
        thread->created_at = stack;
        link_thread(det, thread);
        /* From here on, not from its first instruction: somebody is about to run. */
        fetch_add_relaxed(&det->alive, 1);
        detector_next_sequence(det);
        det->stats.threads_seen++;
        if (det->alive > det->stats.threads_peak)
            det->stats.threads_peak = det->alive;
    } else {
        det->losses.out_of_memory++;
    }
    spin_unlock(&det->lock);
    return thread;
}

void detector_thread_start(struct detector *det, struct thread *thread, uintptr_t stack_low,
                           uintptr_t stack_high, uint64_t signal_mask)
{
    spin_lock(&det->lock);
    thread->started = true;
    thread->stack_low = stack_low;
    thread->stack_high = stack_high;
    thread->mask = signal_mask;
    thread->exposed = det->handled & ~signal_mask;
    if (stack_high > stack_low &&
        !stacks_add(&det->stacks, det->arena, (struct stack_bounds){stack_low, stack_high, thread}))
        det->losses.out_of_memory++;
    thread_count_interruptible(det, thread);
    detector_next_sequence(det);
    spin_unlock(&det->lock);
}

void thread_count_interruptible(struct detector *det, struct thread *thread)
{
    bool interruptible = thread->started && !thread->ended && det->handled & ~thread->mask;
    bool any = det->interruptible > 0;
    det->interruptible += (uint32_t)interruptible - (uint32_t)thread->interruptible;
    thread->interruptible = interruptible;
    if (any != (det->interruptible > 0))
        waitgraph_recount(det);
}

void detector_thread_set_detached(struct detector *det, struct thread *thread)
{
    spin_lock(&det->lock);
    thread->detached = true;
    spin_unlock(&det->lock);
}

void detector_thread_on_request(struct detector *det, struct thread *thread)
{
    spin_lock(&det->lock);
    if (detector_is_full(det))
        hb_thread_anew(det, thread);
    spin_unlock(&det->lock);
}

thread_id detector_thread_id(const struct thread *thread) { return thread->id; }

bool detector_thread_misused(const struct thread *thread, uintptr_t object) { return thread->misused == object; }
thread_id detector_thread_creator(const struct thread *thread) { return thread->creator; }

stack_id detector_thread_created_at(const struct thread *thread) { return thread->created_at; }

/* --- end -------------------------------------------------------------------------------------- */

static void leave_locks(struct thread *thread)
{
    for (uint32_t i = 0; i < thread->held.count; i++) {
        const struct held_lock *lock = &thread->held.locks[i];
        struct object *object = lock->object;
        if (!held_is_current(lock, thread))
            continue;
        object_rest(object)->last_owner = thread->id;
        if (lock->mode == MODE_EXCLUSIVE)
            store_release(&object->owner, NULL);
        if (object_is_lock(object->kind) && !(object->flags & OBJ_ROBUST))
            object->flags |= OBJ_OWNER_ENDED;
    }
}

/* The next owner learns that this one died, from the kernel. */
static void leave_robust(struct detector *det, struct thread *thread)
{
    for (uint32_t i = 0; i < thread->held.count && detector_is_full(det); i++)
        if (thread->held.locks[i].object->flags & OBJ_ROBUST)
            sync_give(det, thread, thread->held.locks[i].object, thread->held.locks[i].mode);
}

static void stop_running(struct detector *det, struct thread *thread)
{
    waitgraph_end(det, thread);
    thread->ended = true;
    thread_count_interruptible(det, thread);
    if (thread->has_clock) {
        vc_clock_end(&det->clocks, &thread->clock, &thread->end);
        thread->has_clock = false;
    }
    hb_thread_end(det, thread);
    drop_caches(det, thread);
    stacks_remove(&det->stacks, thread, thread->stack_low);
    fetch_add_relaxed(&det->alive, -1u);
    detector_next_sequence(det);
    if (thread->detached || thread->joined)
        forget(det, thread);
}

void detector_thread_leaves(struct thread *thread, stack_id stack) { thread->left_at = stack; }

void detector_thread_end(struct detector *det, struct thread *thread)
{
    if (thread->race.pending)
        race_complete(det, thread);
    spin_lock(&det->lock);
    thread_refresh_held(thread);
    if (thread->held.count > 0)
        misuse_exit_holding(det, thread, NULL);
    leave_robust(det, thread);
    leave_locks(thread);
    if (thread->stack_high > thread->stack_low) {
        struct event gone = {.type = EVENT_RANGE_GONE, .flags = EVF_STACK,
                             .addr = thread->stack_low,
                             .value = thread->stack_high - thread->stack_low};
        life_range_gone(det, thread, &gone);
    }
    stop_running(det, thread);
    waitgraph_note_all_waiting(det);
    detector_unlock(det);
}

void detector_thread_abandon(struct detector *det, struct thread *thread)
{
    spin_lock(&det->lock);
    thread->detached = true;
    det->stats.threads_seen--;
    stop_running(det, thread);
    detector_unlock(det);
}

void thread_joined(struct detector *det, struct thread *joiner, struct thread *target)
{
    if (target->joined)
        return;
    target->joined = true;
    vc_acquire(&det->clocks, &joiner->clock, &target->end);
    if (joiner->has_hb)
        hb_acquire(det, joiner, &target->hb_end);
    if (target->ended)
        forget(det, target);
}

void thread_detached(struct detector *det, struct thread *target)
{
    target->detached = true;
    if (target->ended)
        forget(det, target);
}

/* --- what it holds ---------------------------------------------------------------------------- */

void thread_refresh_held(struct thread *thread)
{
    thread_unattend(thread, ATTENTION_HELD);
    for (uint32_t i = thread->held.count; i-- > 0;)
        if (!held_is_current(&thread->held.locks[i], thread))
            held_remove_at(&thread->held, i);
}

/* --- fork ------------------------------------------------------------------------------------- */

/* The thread may have been in the fast path when the process was copied: an entry without an owner is a lock
 * that it had taken, or not given back yet. */
static bool was_held(const struct held_lock *lock, const struct thread *gone)
{
    return held_is_current(lock, gone) ||
           (lock->object->uid == lock->uid && !lock->object->owner &&
            !(gone->attention & ATTENTION_HELD));
}

/* Who is there to release it: a thread of the parent, if the memory is shared; and libc starts a once
 * routine afresh that was running. */
static bool is_released_elsewhere(const struct object *object)
{
    return object->flags & OBJ_SHARED || object->kind == OBJECT_ONCE;
}

static void orphan_locks(struct thread *gone)
{
    for (uint32_t i = 0; i < gone->held.count; i++) {
        const struct held_lock *lock = &gone->held.locks[i];
        struct object *object = lock->object;
        if (!was_held(lock, gone))
            continue;
        if (!is_released_elsewhere(object))
            object->flags |= OBJ_ORPHANED;
        object_rest(object)->last_owner = gone->id;
        if (lock->mode == MODE_EXCLUSIVE)
            object->owner = NULL;
    }
}

void threads_forked(struct detector *det, struct thread *self)
{
    for (struct thread *next, *thread = det->threads; thread; thread = next) {
        next = thread->next;
        if (thread == self)
            continue;
        waitgraph_end(det, thread);
        thread->ended = true;
        thread_count_interruptible(det, thread);
        orphan_locks(thread);
        if (thread->has_clock)
            vc_clock_end(&det->clocks, &thread->clock, NULL);
        hb_thread_gone(det, thread);
        drop_caches(det, thread);
        stacks_remove(&det->stacks, thread, thread->stack_low);
        forget(det, thread);
    }
    for (uint32_t i = 0; self && i < self->held.count; i++)
        self->held.locks[i].flags |= HELD_INHERITED;
    if (self)
        waitgraph_end(det, self);
    store_relaxed(&det->alive, self ? 1 : 0);
    store_relaxed(&det->waiting, 0);
    store_relaxed(&det->spinning, 0);
}

bool threads_are_valid(struct detector *det)
{
    uint32_t running = 0, interruptible = 0;
    for (const struct thread *thread = det->threads; thread; thread = thread->next) {
        running += !thread->ended;
        interruptible += thread->interruptible;
        if (thread_find(det, thread->id) != thread || (thread->next && thread->next->prev != thread) ||
            !held_is_valid(&thread->held) ||
            (thread->has_clock && !vc_clock_is_valid(&det->clocks, &thread->clock)))
            return false;
    }
    return running == det->alive && interruptible == det->interruptible &&
           stacks_are_valid(&det->stacks);
}
