/* SPDX-License-Identifier: MIT */
/* Events of semaphores.
 *
 * A semaphore is a lock as long as nothing contradicts it: it starts at 1, and each post is by the thread
 * that waited last. Then its posts and waits order nothing (two critical sections could have come the other
 * way round). Once contradicted it is a signal for good: its posts happen before its waits.
 *
 * What the fast paths read and write (flags, `more`, the owner) changes only under the object's order lock
 * (sync.h): taken by them instead of the analysis lock, by the others in addition. */
#include "analysis/misuse.h"
#include "analysis/state.h"
#include "analysis/sync.h"

/* Out of the hands of whoever holds it; reports that relied on its being a lock go. */
static void contradict(struct detector *det, struct object *semaphore)
{
    if (semaphore->flags & OBJ_SIGNALLING)
        return;
    sync_lock(det, semaphore);
    semaphore->flags |= OBJ_SIGNALLING;
    locks_take_away(semaphore);
    sync_unlock(det, semaphore);
    lockgraph_not_a_lock(det->graph, semaphore->uid);
    mistake_withdraw(det, semaphore->uid);
}

/* --- under the analysis lock ------------------------------------------------------------------ */

void sems_acquire(struct detector *det, struct thread *thread, struct object *object,
                  const struct event *event)
{
    struct object_more *more = life_more(det, object);
    /* It had to be 0: somebody posted unseen, or it is no lock. */
    if (load_relaxed(&object->owner))
        contradict(det, object);
    sync_lock(det, object);
    uint64_t waits = more ? more->waits++ : UINT64_MAX;
    sync_unlock(det, object);
    bool posted = !more || waits >= more->initial; /* the first `initial` waits need no post */
    if (!(object->flags & OBJ_SIGNALLING))
        locks_take(det, thread, object, event);
    sync_lock(det, object);
    if (posted && object->flags & OBJ_SIGNALLING)
        sync_acquire_locked(det, thread, object);
    else if (posted)
        sync_take_locked(det, thread, object);
    sync_unlock(det, object);
}

static void note_waker(struct object_more *more, const struct thread *thread, stack_id stack)
{
    store_relaxed(&more->waker, thread->id);
    store_relaxed(&more->waker_stack, stack);
}

void sems_post(struct detector *det, struct thread *thread, const struct event *event)
{
    struct object *object = life_object(det, thread, OBJECT_SEM, event->addr, event);
    if (!object)
        return;
    struct object_more *more = life_more(det, object);
    if (more)
        note_waker(more, thread, detector_stack(det, event));
    bool by_holder = load_relaxed(&object->owner) == thread && thread->handler_depth == 0;
    if (!(object->flags & OBJ_SIGNALLING) && by_holder) {
        sync_lock(det, object);
        object->flags |= OBJ_CONFIRMED;
        sync_unlock(det, object);
        sync_give_join(det, thread, object);
        locks_drop(thread, object);
        return;
    }
    contradict(det, object);
    sync_release(det, thread, object);
}

/* --- under the object's order lock alone ------------------------------------------------------ */

/* The object, with its order lock held; NULL (and not locked) if this is nothing for a fast path. */
static struct object *lock_known(struct detector *det, struct thread *thread,
                                 const struct event *event)
{
    struct object *object = objects_cached(&thread->objects, OBJECT_SEM, event->addr);
    if (!object)
        return NULL;
    sync_lock(det, object);
    if (LIKELY(object->more && object->state == STATE_LIVE && object->addr == event->addr &&
               object->flags & (OBJ_SIGNALLING | OBJ_CONFIRMED)))
        return object;
    sync_unlock(det, object);
    return NULL;
}

bool sems_acquire_fast(struct detector *det, struct thread *thread, const struct event *event,
                       bool (*step)(struct detector *, struct thread *, struct object *,
                                    const struct event *))
{
    struct object *object = lock_known(det, thread, event);
    if (!object)
        return false;
    bool settled = true, posted = object->more->waits >= object->more->initial;
    if (!(object->flags & OBJ_SIGNALLING))
        settled = !load_relaxed(&object->owner) && step(det, thread, object, event);
    if (posted && settled && object->flags & OBJ_SIGNALLING)
        sync_acquire_locked(det, thread, object);
    else if (posted && settled && thread->has_hb)
        sync_take_locked(det, thread, object);
    if (settled)
        object->more->waits++;
    sync_unlock(det, object);
    return settled;
}

bool sems_post_fast(struct detector *det, struct thread *thread, const struct event *event)
{
    stack_id stack = detector_stack(det, event);
    struct object *object = lock_known(det, thread, event);
    if (!object)
        return false;
    bool settled = true;
    if (object->flags & OBJ_SIGNALLING)
        sync_release_locked(det, thread, object);
    else
        settled = load_relaxed(&object->owner) == thread && locks_drop(thread, object);
    if (settled && thread->has_hb && !(object->flags & OBJ_SIGNALLING))
        sync_give_join_locked(det, thread, object);
    if (settled)
        note_waker(object->more, thread, stack);
    sync_unlock(det, object);
    return settled;
}
