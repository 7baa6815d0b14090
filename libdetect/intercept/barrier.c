/* SPDX-License-Identifier: MIT */
/* Interceptors of barriers. */
#include "intercept/intercept.h"

#include <limits.h>

#include "intercept/layout.h"

static void ensure_known(const struct call *call, const pthread_barrier_t *barrier)
{
    if (!call_knows(call, OBJECT_BARRIER, barrier))
        tell_object(call, EVENT_FIRST_USE, OBJECT_BARRIER, barrier, barrier_flags(barrier));
}

static bool attr_shared(const pthread_barrierattr_t *attr)
{
    int shared = PTHREAD_PROCESS_PRIVATE;
    if (attr)
        pthread_barrierattr_getpshared(attr, &shared);
    return shared == PTHREAD_PROCESS_SHARED;
}

EXPORT int pthread_barrier_init(pthread_barrier_t *restrict barrier,
                                const pthread_barrierattr_t *restrict attr, unsigned count)
{
    CALL(call);
    if (!call.self)
        return REAL(pthread_barrier_init)(barrier, attr, count);
    if (count == 0 || count >= UINT_MAX / 2)
        tell_invalid(&call, OBJECT_BARRIER, barrier, INVALID_BARRIER_COUNT, count);
    else
        tell(&call, (struct event){.type = EVENT_INIT,
                                   .object = OBJECT_BARRIER,
                                   .flags = attr_shared(attr) ? EVF_SHARED : 0,
                                   .addr = (uintptr_t)barrier,
                                   .value = count});
    int error = REAL(pthread_barrier_init)(barrier, attr, count);
    call_leave(&call);
    return error;
}

/* Waits until those that the last round has let go are out; for ever if threads still wait. */
EXPORT int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    CALL(call);
    if (!call.self)
        return REAL(pthread_barrier_destroy)(barrier);
    ensure_known(&call, barrier);
    WAIT(wait, &call, EVENT_GIVE_UP, .type = EVENT_DESTROY, .object = OBJECT_BARRIER,
         .addr = (uintptr_t)barrier);
    wait_begin(&wait); /* libc waits until all threads have left */
    int error = REAL(pthread_barrier_destroy)(barrier);
    wait_end(&wait, EVENT_GIVE_UP, 0);
    call_leave(&call);
    return error;
}

EXPORT int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    CALL(call);
    if (!call.self)
        return REAL(pthread_barrier_wait)(barrier);
    ensure_known(&call, barrier);
    WAIT(wait, &call, EVENT_BARRIER_LEAVE, .type = EVENT_BARRIER_ENTER, .object = OBJECT_BARRIER,
         .addr = (uintptr_t)barrier);
    wait_begin(&wait);
    int result = REAL(pthread_barrier_wait)(barrier);
    bool passed = result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD;
    wait_end(&wait, EVENT_BARRIER_LEAVE, passed ? 0 : EVF_NO_ORDER);
    call_leave(&call);
    return result;
}
