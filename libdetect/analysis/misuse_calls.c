/* SPDX-License-Identifier: MIT */
/* Mistakes in calls: condition variables without their mutex, invalid arguments, threads that nobody
 * joins, and the notes. Called by the handlers of events, under the analysis lock. */
#include "analysis/misuse.h"

void misuse_wait_unlocked(struct detector *det, struct thread *thread, struct object *cond,
                          struct object *mutex, const struct event *event)
{
    const struct thread *owner = load_relaxed(&mutex->owner);
    mistake_begin(det, KIND_COND_WAIT_UNLOCKED, CONFIDENCE_CERTAIN,
                  "%T0 waits on %O0 with %O1, which it does not hold");
    mistake_object(det, cond);
    mistake_object(det, mutex);
    mistake_stack(det, role_waits_for(0), thread->id, detector_stack(det, event));
    if (owner)
        mistake_stack(det, role_acquired(1), owner->id, mutex->acquired_at);
    mistake_held(det, thread);
    thread_report(thread, cond->addr);
    mistake_end(det);
}

void misuse_two_mutexes(struct detector *det, struct thread *thread, struct object *cond,
                        struct object *mutex, const struct thread *other,
                        const struct event *event)
{
    mistake_begin(det, KIND_COND_MUTEX_MISMATCH, CONFIDENCE_CERTAIN,
                  "%T0 waits on %O0 with %O1, while %T1 waits on it with %O2");
    mistake_object(det, cond);
    mistake_object(det, mutex);
    mistake_object(det, other->wait.mutex);
    mistake_stack(det, "waits with %O1", thread->id, detector_stack(det, event));
    mistake_stack(det, "waits with %O2", other->id, other->wait.stack);
    mistake_end(det);
}

void misuse_signal_unlocked(struct detector *det, struct thread *thread, struct object *cond,
                            struct object *mutex, const struct event *event)
{
    mistake_begin(det, KIND_SIGNAL_UNLOCKED, CONFIDENCE_NOTE,
                  "%T0 signals %O0 and does not hold %O1, with which threads wait on it");
    mistake_object(det, cond);
    mistake_object(det, mutex);
    mistake_stack(det, "signalled %O0", thread->id, detector_stack(det, event));
    mistake_end(det);
}

void misuse_thread_leak(struct detector *det, const struct thread *leaked)
{
    mistake_begin(det, KIND_THREAD_LEAK, CONFIDENCE_CERTAIN,
                  "%T0 has ended and was neither joined nor detached");
    mistake_stack(det, "was created", leaked->id, leaked->created_at);
    mistake_end(det);
}

static const char *what_is_invalid(uint64_t what)
{
    static const char *const texts[] = {
        [INVALID_TIME] = "%T0 passes a time whose tv_nsec is not in 0..999999999",
        [INVALID_BARRIER_COUNT] = "%T0 initialises a barrier for no thread",
        [INVALID_SEM_VALUE] = "%T0 initialises a semaphore with more than SEM_VALUE_MAX",
        [INVALID_SEM_OVERFLOW] = "%T0 posts a semaphore that has its largest value already",
        [INVALID_CLOCK] = "%T0 passes a clock that cannot be waited on",
        [INVALID_JOIN_SELF] = "%T0 joins itself",
        [INVALID_JOIN_DETACHED] = "%T0 joins a thread that is detached",
        [INVALID_JOIN_TWICE] = "%T0 joins a thread that was joined already",
        [INVALID_DETACH_TWICE] = "%T0 detaches a thread that is detached already",
        [INVALID_THREAD] = "%T0 passes a pthread_t that names no thread",
        [INVALID_MUTEX_KIND] = "%T0 passes an unknown kind of mutex",
        [INVALID_NOT_RECOVERABLE] = "%T0 uses a robust mutex that was unlocked without being made "
                                    "consistent after its owner had died",
        [INVALID_CONSISTENT] = "%T0 makes a mutex consistent that is not inconsistent",
        [INVALID_OTHER] = "%T0 passes an invalid argument",
    };
    return what < ARRAY_LEN(texts) && texts[what] ? texts[what] : texts[INVALID_OTHER];
}

void misuse_invalid(struct detector *det, struct thread *thread, const struct event *event)
{
    mistake_begin(det, KIND_INVALID_ARGUMENT, CONFIDENCE_CERTAIN, what_is_invalid(event->value));
    mistake_object_of(det, event);
    mistake_stack(det, "made the call", thread->id, detector_stack(det, event));
    mistake_held(det, thread);
    thread_report(thread, event->addr);
    uint64_t key = hash_mix(mistake_key(det, 1), event->value);
    mistake_end_named(det, &key, 1);
}

void misuse_error_returned(struct detector *det, struct thread *thread, const struct event *event)
{
    if (thread->reported && thread->reported == event->addr)
        return;
    mistake_begin(det, KIND_ERROR_RETURNED, CONFIDENCE_NOTE, "%T0 got an error for a mistake");
    mistake_object_of(det, event);
    mistake_stack(det, "made the call", thread->id, detector_stack(det, event));
    mistake_held(det, thread);
    uint64_t key = hash_mix(mistake_key(det, 1), event->value);
    mistake_end_named(det, &key, 1);
}
