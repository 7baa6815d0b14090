/* SPDX-License-Identifier: MIT */
/* Mistakes in the life of an object: destroyed, freed or initialised while in use, used before or after
 * its time. Called by detector_life.c, under the analysis lock. */
#include "analysis/misuse.h"

/* Who holds it, as far as that is known: a reader can only be named if it is this thread. */
static void add_holder(struct detector *det, struct thread *thread, struct object *object)
{
    const struct thread *owner = load_relaxed(&object->owner);
    const struct held_lock *own = held_find(&thread->held, object);
    if (owner)
        mistake_stack(det, role_acquired(0), owner->id, object->acquired_at);
    else if (own)
        mistake_stack(det, role_acquired(0), thread->id, own->stack);
    else if (load_relaxed(&object_rest(object)->readers) > 0)
        mistake_stack(det, role_acquired(0), THREAD_NONE, object->acquired_at);
}

static void add_waiters(struct detector *det, struct object *object)
{
    for (struct thread *waiter = det->waiters; waiter; waiter = waiter->wait_next)
        if (waiter->wait.object == object && !waiter->wait.woken)
            mistake_stack(det, role_waits_for(0), waiter->id, waiter->wait.stack);
}

void misuse_destroy(struct detector *det, struct thread *thread, struct object *object,
                    const struct event *event, bool in_use)
{
    if (in_use)
        mistake_begin(det, KIND_DESTROY_IN_USE, CONFIDENCE_CERTAIN,
                      "%T0 destroys %O0 while another thread is using it");
    else
        mistake_begin(det, KIND_DESTROY_LOCKED, CONFIDENCE_CERTAIN,
                      "%T0 destroys %O0, which is held");
    mistake_object(det, object);
    mistake_stack(det, event->type == EVENT_RANGE_GONE ? "gave back the memory" : "destroyed %O0",
                  thread->id, detector_stack(det, event));
    add_holder(det, thread, object);
    if (in_use)
        add_waiters(det, object);
    mistake_held(det, thread);
    thread_report(thread, object->addr);
    thread->misused = object->addr;
    mistake_end(det);
}

void misuse_reinit(struct detector *det, struct thread *thread, struct object *object,
                   const struct event *event)
{
    mistake_begin(det, KIND_REINIT_IN_USE, CONFIDENCE_CERTAIN,
                  "%T0 initialises %O0, which is in use");
    mistake_object(det, object);
    mistake_stack(det, "initialised %O0 again", thread->id, detector_stack(det, event));
    add_holder(det, thread, object);
    add_waiters(det, object);
    mistake_held(det, thread);
    thread->misused = object->addr;
    mistake_end(det);
}

void misuse_after_destroy(struct detector *det, struct thread *thread, struct object *object,
                          const struct event *event)
{
    mistake_begin(det, KIND_USE_AFTER_DESTROY, CONFIDENCE_CERTAIN,
                  "%T0 uses %O0, which was destroyed");
    mistake_object(det, object);
    mistake_stack(det, "used %O0", thread->id, detector_stack(det, event));
    mistake_stack(det, "destroyed %O0", THREAD_NONE, object_rest(object)->destroyed_at);
    mistake_held(det, thread);
    thread_report(thread, object->addr);
    mistake_end(det);
}

void misuse_uninitialised(struct detector *det, struct thread *thread, struct object *object,
                          const struct event *event)
{
    mistake_begin(det, KIND_UNINITIALISED_OBJECT, CONFIDENCE_CERTAIN,
                  "%T0 uses %O0, which was never initialised");
    mistake_object(det, object);
    mistake_stack(det, "used %O0", thread->id, detector_stack(det, event));
    mistake_held(det, thread);
    thread_report(thread, object->addr);
    mistake_end(det);
}

static const char *how_it_went(const struct event *event)
{
    if (event->type != EVENT_RANGE_GONE || event->flags & EVF_STACK)
        return "came here after the stack frame of %O0 had ended";
    return event->flags & EVF_UNMAP ? "unmapped the memory of %O0" : "freed the memory of %O0";
}

void misuse_free_locked(struct detector *det, struct thread *thread, struct object *object,
                        const struct event *event)
{
    bool stack = event->type != EVENT_RANGE_GONE || event->flags & EVF_STACK;
    mistake_begin(det, KIND_FREE_LOCKED, CONFIDENCE_CERTAIN,
                  stack ? "%O0 was on a stack frame that has ended, and is still held"
                        : "%T0 gives back the memory of %O0, which is held");
    mistake_object(det, object);
    mistake_stack(det, how_it_went(event), thread->id, detector_stack(det, event));
    add_holder(det, thread, object);
    mistake_held(det, thread);
    mistake_end(det);
}
