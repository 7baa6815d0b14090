/* SPDX-License-Identifier: MIT */
/* Interceptors of condition variables, and what C11's share with them (cond.h).
 *
 * A wait that ends by cancellation has taken the mutex again on the way (glibc's own clean-up runs before
 * ours), so it ends for the analysis like any other. */
#include "intercept/cond.h"

#include "intercept/layout.h"
#include "intercept/mutex.h"
#include "runtime/races.h"

static COLD void first_use(const struct call *call, const pthread_cond_t *cond)
{
    tell_object(call, EVENT_FIRST_USE, OBJECT_COND, cond, cond_flags(cond));
}

static ALWAYS_INLINE void ensure_known(const struct call *call, const pthread_cond_t *cond)
{
    if (!call_knows(call, OBJECT_COND, cond))
        first_use(call, cond);
}

static int real_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timeout *timeout)
{
    switch (timeout->patience) {
    case WAIT_UNTIL:
        return REAL(pthread_cond_timedwait)(cond, mutex, timeout->time);
    case WAIT_CLOCK:
        return REAL(pthread_cond_clockwait)(cond, mutex, timeout->clock, timeout->time);
    default:
        return REAL(pthread_cond_wait)(cond, mutex);
    }
}

static uint32_t wake_flags(int error)
{
    switch (error) {
    case 0:
        return 0;
    case ETIMEDOUT:
        return EVF_TIMED_OUT;
    case EOWNERDEAD:
    case ENOTRECOVERABLE:
        return EVF_OWNER_DIED;
    default: /* EPERM, EINVAL: it has not waited at all */
        return EVF_REFUSED | EVF_NO_ORDER;
    }
}

int cond_wait(const struct call *call, pthread_cond_t *cond, enum object_kind kind,
              pthread_mutex_t *mutex, const struct timeout *timeout)
{
    if (!call->self)
        return real_wait(cond, mutex, timeout);
    ensure_known(call, cond);
    mutex_ensure_known(call, kind, mutex);
    if (timeout_refused(call, OBJECT_COND, cond, timeout)) {
        call_leave(call);
        return real_wait(cond, mutex, timeout);
    }
    uint32_t c11 = kind == OBJECT_MTX ? EVF_C11 : 0;
    WAIT(wait, call, EVENT_COND_WAKE, .type = EVENT_COND_WAIT, .object = OBJECT_COND,
         .flags = timeout_flags(timeout) | c11, .addr = (uintptr_t)cond,
         .addr2 = (uintptr_t)mutex);
    wait_begin(&wait);
    int error = real_wait(cond, mutex, timeout);
    wait_end(&wait, EVENT_COND_WAKE, wake_flags(error));
    if (error == ENOTRECOVERABLE) /* woken, but the mutex could not be had */
        tell_object(call, EVENT_RELEASE, kind, mutex, 0);
    else if (error == EPERM && mutex_errorcheck(mutex))
        tell_error(call, kind, mutex, error);
    call_leave(call);
    return error;
}

/* Who signals after the lock was given up may come too late: the object may be freed by then. Before the event, which
 * orders the call with who is woken by it. */
static ALWAYS_INLINE void tell_use(const struct call *call, const pthread_cond_t *cond)
{
    races_reads(call->self, cond, 1, call->site.pc);
}

int cond_signal(const struct call *call, pthread_cond_t *cond)
{
    if (UNLIKELY(!call->self))
        return REAL(pthread_cond_signal)(cond);
    ensure_known(call, cond);
    tell_use(call, cond);
    tell_object(call, EVENT_SIGNAL, OBJECT_COND, cond, 0);
    int error = REAL(pthread_cond_signal)(cond);
    call_leave(call);
    return error;
}

int cond_broadcast(const struct call *call, pthread_cond_t *cond)
{
    if (UNLIKELY(!call->self))
        return REAL(pthread_cond_broadcast)(cond);
    ensure_known(call, cond);
    tell_use(call, cond);
    tell_object(call, EVENT_BROADCAST, OBJECT_COND, cond, 0);
    int error = REAL(pthread_cond_broadcast)(cond);
    call_leave(call);
    return error;
}

/* libc waits here until all waiters have left. */
int cond_destroy(const struct call *call, pthread_cond_t *cond)
{
    if (!call->self)
        return REAL(pthread_cond_destroy)(cond);
    ensure_known(call, cond);
    WAIT(wait, call, EVENT_GIVE_UP, .type = EVENT_DESTROY, .object = OBJECT_COND,
         .addr = (uintptr_t)cond);
    wait_begin(&wait);
    int error = REAL(pthread_cond_destroy)(cond);
    wait_end(&wait, EVENT_GIVE_UP, 0);
    call_leave(call);
    return error;
}

/* --- the functions that the program calls ------------------------------------------------------------ */

static bool attr_shared(const pthread_condattr_t *attr)
{
    int shared = PTHREAD_PROCESS_PRIVATE;
    if (attr)
        pthread_condattr_getpshared(attr, &shared);
    return shared == PTHREAD_PROCESS_SHARED;
}

EXPORT int pthread_cond_init(pthread_cond_t *restrict cond, const pthread_condattr_t *restrict attr)
{
    CALL(call);
    if (!call.self)
        return REAL(pthread_cond_init)(cond, attr);
    tell_object(&call, EVENT_INIT, OBJECT_COND, cond, attr_shared(attr) ? EVF_SHARED : 0);
    int error = REAL(pthread_cond_init)(cond, attr);
    call_leave(&call);
    return error;
}

EXPORT int pthread_cond_destroy(pthread_cond_t *cond)
{
    CALL(call);
    return cond_destroy(&call, cond);
}

EXPORT int pthread_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex)
{
    CALL(call);
    return cond_wait(&call, cond, OBJECT_MUTEX, mutex, &forever);
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                                  const struct timespec *restrict abstime)
{
    CALL(call);
    struct timeout timeout = {WAIT_UNTIL, CLOCK_REALTIME, abstime};
    return cond_wait(&call, cond, OBJECT_MUTEX, mutex, &timeout);
}

EXPORT int pthread_cond_clockwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                                  clockid_t clock, const struct timespec *restrict abstime)
{
    CALL(call);
    struct timeout timeout = {WAIT_CLOCK, clock, abstime};
    return cond_wait(&call, cond, OBJECT_MUTEX, mutex, &timeout);
}

EXPORT int pthread_cond_signal(pthread_cond_t *cond)
{
    CALL(call);
    return cond_signal(&call, cond);
}

EXPORT int pthread_cond_broadcast(pthread_cond_t *cond)
{
    CALL(call);
    return cond_broadcast(&call, cond);
}
