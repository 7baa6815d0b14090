/* SPDX-License-Identifier: MIT */
/* Interceptors of one-time initialisation (once.h).
 *
 * A control word is a lock that the thread owns which runs the routine; who comes meanwhile waits. The
 * routine is the program's: it may take locks, use other controls, throw, be cancelled or never return. So
 * it runs outside the detector, and a clean-up gives the lock up. The real function calls it through a
 * stand-in, which is how we learn who was elected. */
#include "intercept/once.h"

#include "intercept/layout.h"
#include "runtime/takeover.h"

/* A call that may be elected to run its routine. */
struct once_call {
    const struct call *call;
    struct call_wait *wait;
    pthread_once_t *control;
    void (*routine)(void);
    struct once_call *outer;
};

/* The innermost one of this thread: the routine takes no argument. */
static __thread struct once_call *innermost;

/* Controls that this thread has seen done, by a few bits of their address: what they order is known, and
 * a call needs no event. (A control that the program sets back is run again; a thread that passes it then
 * may miss that order.) */
#define SEEN_DONE 8
static __thread pthread_once_t *seen_done[SEEN_DONE];

static ALWAYS_INLINE pthread_once_t **seen_slot(pthread_once_t *control)
{
    return &seen_done[((uintptr_t)control >> 2 ^ (uintptr_t)control >> 7) % SEEN_DONE];
}

static void routine_left(struct once_call *const *left)
{
    const struct call *call = (*left)->call;
    self_unblock(call->self);
    tell_object(call, EVENT_RELEASE, OBJECT_ONCE, (*left)->control, 0);
    call_leave(call);
}

static void run_routine(void)
{
    struct once_call *elected __attribute__((cleanup(routine_left))) = innermost;
    wait_end(elected->wait, EVENT_ACQUIRE, 0);
    call_leave(elected->call);
    TAKEOVER_ENTRY(elected->routine)();
}

static void once_call_left(struct once_call *left) { innermost = left->outer; }

static NOINLINE int run_or_wait(const struct call *call, pthread_once_t *control,
                                void (*routine)(void))
{
    WAIT(wait, call, EVENT_GIVE_UP, .type = EVENT_REQUEST, .object = OBJECT_ONCE,
         .addr = (uintptr_t)control);
    struct once_call mine __attribute__((cleanup(once_call_left))) = {call, &wait, control, routine,
                                                                     innermost};
    innermost = &mine;
    wait_begin(&wait);
    int error = REAL(pthread_once)(control, run_routine);
    if (wait.over)
        return error;
    wait_end(&wait, EVENT_GIVE_UP, 0);
    tell_object(call, EVENT_ORDER_ACQUIRE, OBJECT_ONCE, control, 0);
    call_leave(call);
    return error;
}

int once(const struct call *call, pthread_once_t *control, void (*routine)(void))
{
    if (UNLIKELY(!call->self))
        return REAL(pthread_once)(control, routine);
    if (UNLIKELY(!once_done(control)))
        return run_or_wait(call, control, routine);
    tell_object(call, EVENT_ORDER_ACQUIRE, OBJECT_ONCE, control, 0);
    *seen_slot(control) = control;
    call_leave(call);
    return REAL(pthread_once)(control, routine);
}

bool once_passed(pthread_once_t *control)
{
    return LIKELY(once_done(control) && *seen_slot(control) == control);
}

EXPORT int pthread_once(pthread_once_t *control, void (*routine)(void))
{
    if (once_passed(control))
        return REAL(pthread_once)(control, routine);
    CALL(call);
    return once(&call, control, routine);
}
