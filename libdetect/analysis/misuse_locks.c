/* SPDX-License-Identifier: MIT */
/* Mistakes with locks: taken twice, released by the wrong thread, kept at the end; and lock orders. Called
 * by the handlers of lock events, under the analysis lock. */
#include "analysis/misuse.h"

void misuse_double_lock(struct detector *det, struct thread *thread, struct object *object,
                        const struct event *event)
{
    mistake_begin(det, KIND_DOUBLE_LOCK, CONFIDENCE_CERTAIN,
                  thread->handler_depth > 0
                      ? "%T0 waits in a signal handler for %O0, which it holds already"
                      : "%T0 waits for %O0, which it holds already");
    mistake_object(det, object);
    mistake_stack(det, role_waits_for(0), thread->id, detector_stack(det, event));
    mistake_stack(det, role_acquired(0), thread->id, object->acquired_at);
    mistake_held(det, thread);
    thread_report(thread, object->addr);
    if (mistake_end(det) && object->kind == OBJECT_SEM)
        mistake_relies_on_semaphores(det);
}

void misuse_upgrade(struct detector *det, struct thread *thread, struct object *object,
                    const struct event *event)
{
    const struct held_lock *held = held_find(&thread->held, object);
    mistake_begin(det, KIND_RWLOCK_UPGRADE, CONFIDENCE_CERTAIN,
                  "%T0 holds a read lock of %O0 and waits for its write lock");
    mistake_object(det, object);
    mistake_stack(det, role_waits_for(0), thread->id, detector_stack(det, event));
    mistake_stack(det, "acquired %O0 for reading", thread->id, held ? held->stack : STACK_NONE);
    mistake_held(det, thread);
    thread_report(thread, object->addr);
    mistake_end(det);
}

static void unlock_not_owner(struct detector *det, struct thread *thread, struct object *object,
                             const struct event *event)
{
    struct thread *owner = load_relaxed(&object->owner);
    mistake_begin(det, KIND_UNLOCK_NOT_OWNER, CONFIDENCE_CERTAIN,
                  owner || object_rest(object)->last_owner ? "%T0 releases %O0, which %T1 holds"
                                              : "%T0 releases %O0, which it does not hold");
    mistake_object(det, object);
    mistake_stack(det, "released %O0", thread->id, detector_stack(det, event));
    if (owner)
        mistake_stack(det, role_acquired(0), owner->id, object->acquired_at);
    else if (object_rest(object)->last_owner)
        mistake_stack(det, role_acquired(0), object_rest(object)->last_owner, object->acquired_at);
}

static void unlock_not_held(struct detector *det, struct thread *thread, struct object *object,
                            const struct event *event)
{
    mistake_begin(det, KIND_UNLOCK_NOT_HELD, CONFIDENCE_CERTAIN,
                  "%T0 releases %O0, which nobody holds");
    mistake_object(det, object);
    mistake_stack(det, "released %O0", thread->id, detector_stack(det, event));
}

void misuse_unlock(struct detector *det, struct thread *thread, struct object *object,
                   const struct event *event)
{
    if (thread->reported == object->addr)
        return; /* the object itself was the mistake */
    bool held_by_others = load_relaxed(&object->owner) || load_relaxed(&object_rest(object)->readers) > 0 ||
                          object->flags & OBJ_OWNER_ENDED;
    if (held_by_others)
        unlock_not_owner(det, thread, object, event);
    else
        unlock_not_held(det, thread, object, event);
    mistake_held(det, thread);
    thread_report(thread, object->addr);
    mistake_end(det);
}

void misuse_orphaned(struct detector *det, struct thread *thread, struct object *object,
                     const struct event *event)
{
    mistake_begin(det, KIND_FORK_HOLDING_LOCK, CONFIDENCE_CERTAIN,
                  "%T0 takes %O0, which another thread held when this process was forked: that "
                  "thread is not here to release it");
    mistake_object(det, object);
    mistake_stack(det, role_waits_for(0), thread->id, detector_stack(det, event));
    if (object_rest(object)->last_owner)
        mistake_stack(det, "had acquired %O0 before the fork", object_rest(object)->last_owner,
                      object->acquired_at);
    mistake_held(det, thread);
    thread_report(thread, object->addr);
    mistake_end(det);
}

void misuse_in_handler(struct detector *det, struct object *object, thread_id handler_thread,
                       stack_id handler, thread_id ordinary_thread, stack_id ordinary)
{
    mistake_begin(det, KIND_LOCK_IN_SIGNAL_HANDLER, CONFIDENCE_CERTAIN,
                  "a signal handler takes %O0, which ordinary code takes with that signal "
                  "unblocked");
    mistake_object(det, object);
    mistake_stack(det, "acquired %O0 in a signal handler", handler_thread, handler);
    mistake_stack(det, "acquired %O0 with the signal unblocked", ordinary_thread, ordinary);
    mistake_end(det);
}

void misuse_exit_holding(struct detector *det, struct thread *thread, const struct event *event)
{
    mistake_begin(det, KIND_EXIT_HOLDING_LOCK, CONFIDENCE_CERTAIN,
                  event ? "%T0 ends the process and holds %O0" : "%T0 ends and holds %O0");
    for (uint32_t i = 0; i < thread->held.count; i++) {
        const struct held_lock *lock = &thread->held.locks[i];
        const struct object *object = lock->object;
        if (!held_is_current(lock, thread) || !object_is_lock(object->kind) ||
            object->flags & (OBJ_ROBUST | OBJ_BLAMED) || lock->flags & HELD_INHERITED)
            continue;
        uint32_t index = mistake_object(det, object);
        mistake_stack(det, role_acquired(index), thread->id, lock->stack);
        finding_add_held(&det->finding, thread->id, index, lock->mode, lock->stack);
    }
    if (det->finding.object_count == 0)
        return;
    if (event && event->stack != STACK_NONE)
        mistake_stack(det, "ended the process", thread->id, event->stack);
    else if (thread->left_at != STACK_NONE)
        mistake_stack(det, "ended", thread->id, thread->left_at);
    else if (thread->created_at != STACK_NONE)
        mistake_stack(det, "was created", thread->id, thread->created_at);
    mistake_end(det);
}

/* --- lock orders ------------------------------------------------------------------------------ */

static void describe_lock(void *ctx, lock_uid uid, struct finding_object *out)
{
    struct detector *det = ctx;
    const struct object *object = objects_by_uid(&det->objects, uid);
    if (object)
        mistake_describe(object, out);
}

void misuse_lock_order(struct detector *det, const struct lg_cycle *cycle)
{
    uint64_t keys[2];
    lockgraph_cycle_keys(cycle, det->depot, keys);
    lockgraph_fill_finding(cycle, &det->finding, describe_lock, det);
    if (mistake_end_named(det, keys, ARRAY_LEN(keys)))
        mistake_relies_on_semaphores(det);
}
