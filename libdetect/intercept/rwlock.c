/* SPDX-License-Identifier: MIT */
/* Interceptors of read-write locks.
 *
 * The real try variant comes first, as for mutexes; the timed ones refuse a bad clock or time before
 * anything else, so those are checked first. A wait on one's own lock that libc answers with EDEADLK is
 * told as a wait all the same: that it is refused is the library's kindness, not the standard's. */
#include "intercept/intercept.h"
#include "intercept/layout.h"

static COLD void first_use(const struct call *call, const pthread_rwlock_t *rwlock, bool taken)
{
    uint32_t flags = rwlock_flags(rwlock, taken);
    if (!(flags & EVF_BYTES_VALID) && call_knows_soon(call, OBJECT_RWLOCK, rwlock))
        return;
    tell_object(call, EVENT_FIRST_USE, OBJECT_RWLOCK, rwlock, flags);
}

static void ensure_known(const struct call *call, const pthread_rwlock_t *rwlock)
{
    if (!call_knows(call, OBJECT_RWLOCK, rwlock))
        first_use(call, rwlock, false);
}

static NOINLINE void acquired_slow(const struct call *call, const pthread_rwlock_t *rwlock,
                                   enum lock_mode mode, uint32_t flags)
{
    if (!call_knows(call, OBJECT_RWLOCK, rwlock))
        first_use(call, rwlock, true);
    tell(call, (struct event){.type = EVENT_ACQUIRE,
                              .object = OBJECT_RWLOCK,
                              .mode = (uint8_t)mode,
                              .flags = flags,
                              .addr = (uintptr_t)rwlock});
}

/* The real try has succeeded. */
static ALWAYS_INLINE void acquired(const struct call *call, const pthread_rwlock_t *rwlock,
                                   enum lock_mode mode, uint32_t flags)
{
    if (!tell_acquired_fast(call, OBJECT_RWLOCK, mode, rwlock, flags))
        acquired_slow(call, rwlock, mode, flags);
}

static ALWAYS_INLINE int real_try(pthread_rwlock_t *rwlock, enum lock_mode mode)
{
    return mode == MODE_SHARED ? REAL(pthread_rwlock_tryrdlock)(rwlock)
                               : REAL(pthread_rwlock_trywrlock)(rwlock);
}

static int real_lock(pthread_rwlock_t *rwlock, enum lock_mode mode, const struct timeout *timeout)
{
    bool shared = mode == MODE_SHARED;
    switch (timeout->patience) {
    case WAIT_UNTIL:
        return shared ? REAL(pthread_rwlock_timedrdlock)(rwlock, timeout->time)
                      : REAL(pthread_rwlock_timedwrlock)(rwlock, timeout->time);
    case WAIT_CLOCK:
        return shared ? REAL(pthread_rwlock_clockrdlock)(rwlock, timeout->clock, timeout->time)
                      : REAL(pthread_rwlock_clockwrlock)(rwlock, timeout->clock, timeout->time);
    default:
        return shared ? REAL(pthread_rwlock_rdlock)(rwlock) : REAL(pthread_rwlock_wrlock)(rwlock);
    }
}

static NOINLINE int block(const struct call *call, pthread_rwlock_t *rwlock, enum lock_mode mode,
                          const struct timeout *timeout)
{
    ensure_known(call, rwlock);
    WAIT(wait, call, EVENT_GIVE_UP, .type = EVENT_REQUEST, .object = OBJECT_RWLOCK,
         .mode = (uint8_t)mode, .flags = timeout_flags(timeout), .addr = (uintptr_t)rwlock);
    wait_begin(&wait);
    int error = real_lock(rwlock, mode, timeout);
    wait_end_lock(&wait, error);
    call_leave(call);
    return error;
}

static ALWAYS_INLINE int lock(const struct call *call, pthread_rwlock_t *rwlock,
                              enum lock_mode mode)
{
    if (UNLIKELY(!call->self))
        return real_lock(rwlock, mode, &forever);
    int error = real_try(rwlock, mode);
    if (UNLIKELY(error == EBUSY))
        return block(call, rwlock, mode, &forever);
    if (LIKELY(error == 0))
        acquired(call, rwlock, mode, 0);
    call_leave(call);
    return error;
}

static int timedlock(const struct call *call, pthread_rwlock_t *rwlock, enum lock_mode mode,
                     const struct timeout *timeout)
{
    if (!call->self)
        return real_lock(rwlock, mode, timeout);
    ensure_known(call, rwlock);
    if (timeout_refused(call, OBJECT_RWLOCK, rwlock, timeout)) {
        call_leave(call);
        return real_lock(rwlock, mode, timeout);
    }
    int error = real_try(rwlock, mode);
    if (error == EBUSY)
        return block(call, rwlock, mode, timeout);
    if (error == 0)
        acquired(call, rwlock, mode, timeout_flags(timeout));
    call_leave(call);
    return error;
}

static NOINLINE void try_failed(const struct call *call, const pthread_rwlock_t *rwlock, int error)
{
    ensure_known(call, rwlock);
    if (call_holds(call, rwlock))
        tell_error(call, OBJECT_RWLOCK, rwlock, error);
}

static ALWAYS_INLINE int trylock(const struct call *call, pthread_rwlock_t *rwlock,
                                 enum lock_mode mode)
{
    if (UNLIKELY(!call->self))
        return real_try(rwlock, mode);
    int error = real_try(rwlock, mode);
    if (UNLIKELY(error != 0))
        try_failed(call, rwlock, error);
    else
        acquired(call, rwlock, mode, EVF_TRY);
    call_leave(call);
    return error;
}

/* --- life -------------------------------------------------------------------------------------------- */

static uint32_t attr_flags(const pthread_rwlockattr_t *attr)
{
    int kind = PTHREAD_RWLOCK_DEFAULT_NP, shared = PTHREAD_PROCESS_PRIVATE;
    if (!attr)
        return 0;
    pthread_rwlockattr_getkind_np(attr, &kind);
    pthread_rwlockattr_getpshared(attr, &shared);
    return (kind == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP ? EVF_WRITER_FIRST : 0u) |
           (shared == PTHREAD_PROCESS_SHARED ? EVF_SHARED : 0u);
}

EXPORT int pthread_rwlock_init(pthread_rwlock_t *restrict rwlock,
                               const pthread_rwlockattr_t *restrict attr)
{
    CALL(call);
    if (!call.self)
        return REAL(pthread_rwlock_init)(rwlock, attr);
    tell_object(&call, EVENT_INIT, OBJECT_RWLOCK, rwlock, attr_flags(attr));
    int error = REAL(pthread_rwlock_init)(rwlock, attr);
    call_leave(&call);
    return error;
}

EXPORT int pthread_rwlock_destroy(pthread_rwlock_t *rwlock)
{
    CALL(call);
    if (!call.self)
        return REAL(pthread_rwlock_destroy)(rwlock);
    ensure_known(&call, rwlock);
    tell_object(&call, EVENT_DESTROY, OBJECT_RWLOCK, rwlock, 0);
    int error = REAL(pthread_rwlock_destroy)(rwlock);
    if (!error)
        rwlock_mark_destroyed(rwlock);
    call_leave(&call);
    return error;
}

/* --- the functions that the program calls ------------------------------------------------------------ */

EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *rwlock)
{
    CALL(call);
    return lock(&call, rwlock, MODE_SHARED);
}

EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *rwlock)
{
    CALL(call);
    return lock(&call, rwlock, MODE_EXCLUSIVE);
}

EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t *rwlock)
{
    CALL(call);
    return trylock(&call, rwlock, MODE_SHARED);
}

EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *rwlock)
{
    CALL(call);
    return trylock(&call, rwlock, MODE_EXCLUSIVE);
}

EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict rwlock,
                                      const struct timespec *restrict abstime)
{
    CALL(call);
    struct timeout timeout = {WAIT_UNTIL, CLOCK_REALTIME, abstime};
    return timedlock(&call, rwlock, MODE_SHARED, &timeout);
}

EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict rwlock,
                                      const struct timespec *restrict abstime)
{
    CALL(call);
    struct timeout timeout = {WAIT_UNTIL, CLOCK_REALTIME, abstime};
    return timedlock(&call, rwlock, MODE_EXCLUSIVE, &timeout);
}

EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *restrict rwlock, clockid_t clock,
                                      const struct timespec *restrict abstime)
{
    CALL(call);
    struct timeout timeout = {WAIT_CLOCK, clock, abstime};
    return timedlock(&call, rwlock, MODE_SHARED, &timeout);
}

EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *restrict rwlock, clockid_t clock,
                                      const struct timespec *restrict abstime)
{
    CALL(call);
    struct timeout timeout = {WAIT_CLOCK, clock, abstime};
    return timedlock(&call, rwlock, MODE_EXCLUSIVE, &timeout);
}

static NOINLINE void released_slow(const struct call *call, const pthread_rwlock_t *rwlock)
{
    ensure_known(call, rwlock);
    tell_object(call, EVENT_RELEASE, OBJECT_RWLOCK, rwlock, 0);
}

EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *rwlock)
{
    CALL(call);
    if (UNLIKELY(!call.self))
        return REAL(pthread_rwlock_unlock)(rwlock);
    if (!tell_released_fast(&call, OBJECT_RWLOCK, rwlock))
        released_slow(&call, rwlock);
    int error = REAL(pthread_rwlock_unlock)(rwlock);
    call_leave(&call);
    return error;
}
