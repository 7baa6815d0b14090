/* SPDX-License-Identifier: MIT */
/* Interceptors of spin locks. They never refuse anything: every return value is 0 or trylock's EBUSY. */
#include "intercept/intercept.h"
#include "intercept/layout.h"

static COLD void first_use(const struct call *call, const pthread_spinlock_t *spin)
{
    tell_object(call, EVENT_FIRST_USE, OBJECT_SPIN, spin, spin_flags(spin));
}

/* Comes before the real call: a free spin lock and a garbage one look alike once they are taken. */
static ALWAYS_INLINE void ensure_known(const struct call *call, const pthread_spinlock_t *spin)
{
    if (!call_knows(call, OBJECT_SPIN, spin))
        first_use(call, spin);
}

static ALWAYS_INLINE void acquired(const struct call *call, const pthread_spinlock_t *spin,
                                   uint32_t flags)
{
    if (!tell_acquired_fast(call, OBJECT_SPIN, MODE_EXCLUSIVE, spin, flags))
        tell_object(call, EVENT_ACQUIRE, OBJECT_SPIN, spin, flags);
}

static NOINLINE int block(const struct call *call, pthread_spinlock_t *spin)
{
    WAIT(wait, call, EVENT_GIVE_UP, .type = EVENT_REQUEST, .object = OBJECT_SPIN,
         .flags = EVF_SPINNING, .addr = (uintptr_t)spin);
    wait_begin(&wait);
    int error = REAL(pthread_spin_lock)(spin);
    wait_end_lock(&wait, error);
    call_leave(call);
    return error;
}

EXPORT int pthread_spin_init(pthread_spinlock_t *spin, int shared)
{
    CALL(call);
    if (!call.self)
        return REAL(pthread_spin_init)(spin, shared);
    tell_object(&call, EVENT_INIT, OBJECT_SPIN, spin,
                shared == PTHREAD_PROCESS_SHARED ? EVF_SHARED : 0);
    int error = REAL(pthread_spin_init)(spin, shared);
    call_leave(&call);
    return error;
}

EXPORT int pthread_spin_destroy(pthread_spinlock_t *spin)
{
    CALL(call);
    if (!call.self)
        return REAL(pthread_spin_destroy)(spin);
    ensure_known(&call, spin);
    tell_object(&call, EVENT_DESTROY, OBJECT_SPIN, spin, 0);
    int error = REAL(pthread_spin_destroy)(spin);
    call_leave(&call);
    return error;
}

EXPORT int pthread_spin_lock(pthread_spinlock_t *spin)
{
    CALL(call);
    if (UNLIKELY(!call.self))
        return REAL(pthread_spin_lock)(spin);
    ensure_known(&call, spin);
    if (UNLIKELY(REAL(pthread_spin_trylock)(spin) != 0))
        return block(&call, spin);
    acquired(&call, spin, 0);
    call_leave(&call);
    return 0;
}

EXPORT int pthread_spin_trylock(pthread_spinlock_t *spin)
{
    CALL(call);
    if (UNLIKELY(!call.self))
        return REAL(pthread_spin_trylock)(spin);
    ensure_known(&call, spin);
    int error = REAL(pthread_spin_trylock)(spin);
    if (LIKELY(error == 0))
        acquired(&call, spin, EVF_TRY);
    else if (call_holds(&call, spin))
        tell_error(&call, OBJECT_SPIN, spin, error);
    call_leave(&call);
    return error;
}

static NOINLINE void released_slow(const struct call *call, const pthread_spinlock_t *spin)
{
    ensure_known(call, spin);
    tell_object(call, EVENT_RELEASE, OBJECT_SPIN, spin, 0);
}

EXPORT int pthread_spin_unlock(pthread_spinlock_t *spin)
{
    CALL(call);
    if (UNLIKELY(!call.self))
        return REAL(pthread_spin_unlock)(spin);
    if (!tell_released_fast(&call, OBJECT_SPIN, spin))
        released_slow(&call, spin);
    int error = REAL(pthread_spin_unlock)(spin);
    call_leave(&call);
    return error;
}
