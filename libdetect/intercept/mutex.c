/* SPDX-License-Identifier: MIT */
/* Interceptors of mutexes, and what C11's share with them (mutex.h).
 *
 * The real trylock comes first: where it succeeds nobody has waited, and it returns the same as the real
 * lock in every state but "busy". Then the real blocking call decides, also between waiting and EDEADLK.
 * A mutex that is not recoverable is not tried: glibc's trylock then leaves it locked. */
#include "intercept/mutex.h"

#include "intercept/layout.h"

#define BUSY_LOOKS 20u

static COLD void first_use(const struct call *call, enum object_kind kind,
                           const pthread_mutex_t *mutex, bool taken)
{
    uint32_t flags = mutex_flags(mutex, taken);
    /* All zero is an initialiser of pthread's, not of C11's: mtx_init sets a bit even in a plain one. */
    if (kind == OBJECT_MTX && mutex_kind(mutex) == 0 && !(flags & EVF_SHARED))
        flags &= ~(uint32_t)EVF_BYTES_VALID;
    if (!(flags & EVF_BYTES_VALID) && call_knows_soon(call, kind, mutex))
        return;
    tell_object(call, EVENT_FIRST_USE, kind, mutex, flags);
}

void mutex_ensure_known(const struct call *call, enum object_kind kind,
                        const pthread_mutex_t *mutex)
{
    if (!call_knows(call, kind, mutex))
        first_use(call, kind, mutex, false);
}

/* --- lock ------------------------------------------------------------------------------------------ */

static NOINLINE void acquired_slow(const struct call *call, enum object_kind kind,
                                   const pthread_mutex_t *mutex, uint32_t flags)
{
    if (!call_knows(call, kind, mutex))
        first_use(call, kind, mutex, true);
    tell_object(call, EVENT_ACQUIRE, kind, mutex, flags);
}

/* The real trylock has succeeded. */
static ALWAYS_INLINE void acquired(const struct call *call, enum object_kind kind,
                                   const pthread_mutex_t *mutex, uint32_t flags)
{
    if (!tell_acquired_fast(call, kind, MODE_EXCLUSIVE, mutex, flags))
        acquired_slow(call, kind, mutex, flags);
}

static int real_lock(pthread_mutex_t *mutex, const struct timeout *timeout)
{
    switch (timeout->patience) {
    case WAIT_UNTIL:
        return REAL(pthread_mutex_timedlock)(mutex, timeout->time);
    case WAIT_CLOCK:
        return REAL(pthread_mutex_clocklock)(mutex, timeout->clock, timeout->time);
    default:
        return REAL(pthread_mutex_lock)(mutex);
    }
}

/* Most are held for less than it takes to register a wait: whether a busy one came free meanwhile, and was taken. */
static bool taken_soon(pthread_mutex_t *mutex)
{
    if (!mutex_plain(mutex))
        return false;
    for (unsigned i = 0; i < BUSY_LOOKS; i++) {
        cpu_relax();
        if (load_relaxed(&mutex->__data.__lock) == 0 && REAL(pthread_mutex_trylock)(mutex) == 0)
            return true;
    }
    return false;
}

static NOINLINE int block(const struct call *call, enum object_kind kind, pthread_mutex_t *mutex,
                          const struct timeout *timeout)
{
    mutex_ensure_known(call, kind, mutex);
    WAIT(wait, call, EVENT_GIVE_UP, .type = EVENT_REQUEST, .object = (uint8_t)kind,
         .flags = timeout_flags(timeout), .addr = (uintptr_t)mutex);
    wait_begin(&wait);
    int error = real_lock(mutex, timeout);
    wait_end_lock(&wait, error);
    if (error == ENOTRECOVERABLE)
        tell_invalid(call, kind, mutex, INVALID_NOT_RECOVERABLE, 0);
    call_leave(call);
    return error;
}

/* An errorcheck mutex that the thread holds: the real call refuses at once. */
static int refuse_own(const struct call *call, enum object_kind kind, pthread_mutex_t *mutex,
                      const struct timeout *timeout)
{
    tell_error(call, kind, mutex, EDEADLK);
    call_leave(call);
    return real_lock(mutex, timeout);
}

/* trylock has not simply succeeded: `error` is what it returned. */
static NOINLINE int lock_slow(const struct call *call, enum object_kind kind,
                              pthread_mutex_t *mutex, const struct timeout *timeout, int error)
{
    if (error == EBUSY && taken_soon(mutex)) {
        acquired(call, kind, mutex, timeout_flags(timeout));
        call_leave(call);
        return 0;
    }
    mutex_ensure_known(call, kind, mutex);
    if (error == EBUSY && mutex_errorcheck(mutex) && call_holds(call, mutex))
        return refuse_own(call, kind, mutex, timeout);
    if (error == EBUSY)
        return block(call, kind, mutex, timeout);
    if (error == EOWNERDEAD)
        tell_object(call, EVENT_ACQUIRE, kind, mutex, EVF_OWNER_DIED | timeout_flags(timeout));
    else if (error == EDEADLK)
        tell_error(call, kind, mutex, error);
    else if (error == ENOTRECOVERABLE)
        tell_invalid(call, kind, mutex, INVALID_NOT_RECOVERABLE, 0);
    call_leave(call);
    return error;
}

static ALWAYS_INLINE int lock(const struct call *call, enum object_kind kind,
                              pthread_mutex_t *mutex)
{
    if (UNLIKELY(!call->self))
        return REAL(pthread_mutex_lock)(mutex);
    call_prefetch(call, mutex);
    if (UNLIKELY(mutex_lost(mutex)))
        return block(call, kind, mutex, &forever);
    int error = REAL(pthread_mutex_trylock)(mutex);
    if (UNLIKELY(error != 0))
        return lock_slow(call, kind, mutex, &forever, error);
    acquired(call, kind, mutex, 0);
    call_leave(call);
    return 0;
}

int mutex_lock(const struct call *call, enum object_kind kind, pthread_mutex_t *mutex)
{
    return lock(call, kind, mutex);
}

/* libc checks the clock first, with priority inheritance the kernel the time; else that is looked at only
 * if there is a need to wait. */
static bool may_try_first(const pthread_mutex_t *mutex, const struct timeout *timeout)
{
    return !mutex_lost(mutex) && !(mutex_kind(mutex) & MUTEX_INHERIT) &&
           timeout_clock_valid(timeout);
}

int mutex_timedlock(const struct call *call, enum object_kind kind, pthread_mutex_t *mutex,
                    const struct timeout *timeout)
{
    if (!call->self)
        return real_lock(mutex, timeout);
    mutex_ensure_known(call, kind, mutex);
    timeout_refused(call, kind, mutex, timeout);
    if (!may_try_first(mutex, timeout)) {
        if (mutex_errorcheck(mutex) && call_holds(call, mutex))
            return refuse_own(call, kind, mutex, timeout);
        return block(call, kind, mutex, timeout);
    }
    int error = REAL(pthread_mutex_trylock)(mutex);
    if (error != 0)
        return lock_slow(call, kind, mutex, timeout, error);
    tell_object(call, EVENT_ACQUIRE, kind, mutex, timeout_flags(timeout));
    call_leave(call);
    return 0;
}

static NOINLINE int trylock_failed(const struct call *call, enum object_kind kind,
                                   pthread_mutex_t *mutex, int error)
{
    mutex_ensure_known(call, kind, mutex);
    if (error == EOWNERDEAD)
        tell_object(call, EVENT_ACQUIRE, kind, mutex, EVF_TRY | EVF_OWNER_DIED);
    else if (error == ENOTRECOVERABLE)
        tell_invalid(call, kind, mutex, INVALID_NOT_RECOVERABLE, 0);
    else if (call_holds(call, mutex))
        tell_error(call, kind, mutex, error);
    call_leave(call);
    return error;
}

int mutex_trylock(const struct call *call, enum object_kind kind, pthread_mutex_t *mutex)
{
    if (UNLIKELY(!call->self))
        return REAL(pthread_mutex_trylock)(mutex);
    call_prefetch(call, mutex);
    int error = REAL(pthread_mutex_trylock)(mutex);
    if (UNLIKELY(error != 0))
        return trylock_failed(call, kind, mutex, error);
    acquired(call, kind, mutex, EVF_TRY);
    call_leave(call);
    return 0;
}

/* --- unlock ---------------------------------------------------------------------------------------- */

/* Recursive, errorcheck, robust and priority mutexes are refused to who does not own them. */
static NOINLINE int unlock_checked(const struct call *call, enum object_kind kind,
                                   pthread_mutex_t *mutex)
{
    mutex_ensure_known(call, kind, mutex);
    bool told = mutex_errorcheck(mutex);
    bool held = call_holds(call, mutex);
    if (held)
        tell_object(call, EVENT_RELEASE, kind, mutex, 0);
    int error = REAL(pthread_mutex_unlock)(mutex);
    if (held && error)
        tell_object(call, EVENT_ACQUIRE, kind, mutex, EVF_TRY);
    else if (!held && error == EPERM && told)
        tell_error(call, kind, mutex, error);
    else if (!held && error == EPERM)
        tell_object(call, EVENT_RELEASE, kind, mutex, EVF_REFUSED);
    else if (!held && !error)
        tell_object(call, EVENT_RELEASE, kind, mutex, 0);
    call_leave(call);
    return error;
}

static NOINLINE void released_slow(const struct call *call, enum object_kind kind,
                                   const pthread_mutex_t *mutex)
{
    mutex_ensure_known(call, kind, mutex);
    tell_object(call, EVENT_RELEASE, kind, mutex, 0);
}

static ALWAYS_INLINE int unlock(const struct call *call, enum object_kind kind,
                                pthread_mutex_t *mutex)
{
    if (UNLIKELY(!call->self))
        return REAL(pthread_mutex_unlock)(mutex);
    if (UNLIKELY(!mutex_plain(mutex)))
        return unlock_checked(call, kind, mutex);
    if (!tell_released_fast(call, kind, mutex))
        released_slow(call, kind, mutex);
    int error = REAL(pthread_mutex_unlock)(mutex);
    call_leave(call);
    return error;
}

int mutex_unlock(const struct call *call, enum object_kind kind, pthread_mutex_t *mutex)
{
    return unlock(call, kind, mutex);
}

/* --- life -------------------------------------------------------------------------------------------- */

static uint32_t attr_flags(const pthread_mutexattr_t *attr)
{
    int type = PTHREAD_MUTEX_DEFAULT, robust = PTHREAD_MUTEX_STALLED;
    int shared = PTHREAD_PROCESS_PRIVATE;
    if (!attr)
        return 0;
    pthread_mutexattr_gettype(attr, &type);
    pthread_mutexattr_getrobust(attr, &robust);
    pthread_mutexattr_getpshared(attr, &shared);
    return mutex_kind_flags(type | (robust == PTHREAD_MUTEX_ROBUST ? MUTEX_ROBUST : 0) |
                            (shared == PTHREAD_PROCESS_SHARED ? MUTEX_SHARED : 0));
}

void mutex_destroyed(const struct call *call, enum object_kind kind, pthread_mutex_t *mutex)
{
    mutex_ensure_known(call, kind, mutex);
    tell_object(call, EVENT_DESTROY, kind, mutex, mutex_refuses_destroy(mutex) ? EVF_REFUSED : 0);
}

EXPORT int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
    CALL(call);
    if (!call.self)
        return REAL(pthread_mutex_init)(mutex, attr);
    tell_object(&call, EVENT_INIT, OBJECT_MUTEX, mutex, attr_flags(attr));
    int error = REAL(pthread_mutex_init)(mutex, attr);
    call_leave(&call);
    return error;
}

EXPORT int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    CALL(call);
    if (!call.self)
        return REAL(pthread_mutex_destroy)(mutex);
    mutex_destroyed(&call, OBJECT_MUTEX, mutex);
    int error = REAL(pthread_mutex_destroy)(mutex);
    call_leave(&call);
    return error;
}

/* --- the functions that the program calls ------------------------------------------------------------ */

EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    CALL(call);
    return lock(&call, OBJECT_MUTEX, mutex);
}

EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    CALL(call);
    return mutex_trylock(&call, OBJECT_MUTEX, mutex);
}

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex,
                                   const struct timespec *restrict abstime)
{
    CALL(call);
    struct timeout timeout = {WAIT_UNTIL, CLOCK_REALTIME, abstime};
    return mutex_timedlock(&call, OBJECT_MUTEX, mutex, &timeout);
}

EXPORT int pthread_mutex_clocklock(pthread_mutex_t *restrict mutex, clockid_t clock,
                                   const struct timespec *restrict abstime)
{
    CALL(call);
    struct timeout timeout = {WAIT_CLOCK, clock, abstime};
    return mutex_timedlock(&call, OBJECT_MUTEX, mutex, &timeout);
}

EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    CALL(call);
    return unlock(&call, OBJECT_MUTEX, mutex);
}

EXPORT int pthread_mutex_consistent(pthread_mutex_t *mutex)
{
    CALL(call);
    int error = REAL(pthread_mutex_consistent)(mutex);
    if (!call.self)
        return error;
    if (error)
        tell_invalid(&call, OBJECT_MUTEX, mutex, INVALID_CONSISTENT, 0);
    call_leave(&call);
    return error;
}

/* Takes the mutex for a moment. */
EXPORT int pthread_mutex_setprioceiling(pthread_mutex_t *restrict mutex, int ceiling,
                                        int *restrict old)
{
    CALL(call);
    if (!call.self)
        return REAL(pthread_mutex_setprioceiling)(mutex, ceiling, old);
    mutex_ensure_known(&call, OBJECT_MUTEX, mutex);
    if (!(mutex_kind(mutex) & MUTEX_PROTECT) || call_holds(&call, mutex)) {
        call_leave(&call);
        return REAL(pthread_mutex_setprioceiling)(mutex, ceiling, old);
    }
    WAIT(wait, &call, EVENT_GIVE_UP, .type = EVENT_REQUEST, .object = OBJECT_MUTEX,
         .addr = (uintptr_t)mutex);
    wait_begin(&wait);
    int error = REAL(pthread_mutex_setprioceiling)(mutex, ceiling, old);
    wait_end(&wait, EVENT_GIVE_UP, 0);
    call_leave(&call);
    return error;
}
