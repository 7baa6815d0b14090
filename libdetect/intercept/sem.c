/* SPDX-License-Identifier: MIT */
/* Interceptors of semaphores.
 *
 * sem_wait and sem_timedwait are cancellation points even if they need not wait, which the try variant is
 * not: the test comes first, as in libc. They report errors through errno, which nothing else here may touch.
 * sem_post may be called by signal handlers: it is as safe as the rest of the detector, which defers
 * signals while it works. */
#include "intercept/intercept.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "intercept/layout.h"

static COLD void first_use(const struct call *call, const sem_t *sem)
{
    tell_object(call, EVENT_FIRST_USE, OBJECT_SEM, sem, sem_flags(sem));
}

static ALWAYS_INLINE void ensure_known(const struct call *call, const sem_t *sem)
{
    if (!call_knows(call, OBJECT_SEM, sem))
        first_use(call, sem);
}

/* Waits and posts need their stack in any case. */
static ALWAYS_INLINE void tell_place(const struct call *call, enum event_type type, const sem_t *sem,
                                     uint32_t flags)
{
    tell(call, (struct event){.type = (uint8_t)type,
                              .object = OBJECT_SEM,
                              .flags = flags,
                              .addr = (uintptr_t)sem,
                              .stack = unwind_stack(call->self, &call->site)});
}

/* --- wait and post ------------------------------------------------------------------------------------ */

static int real_wait(sem_t *sem, const struct timeout *timeout)
{
    switch (timeout->patience) {
    case WAIT_UNTIL:
        return REAL(sem_timedwait)(sem, timeout->time);
    case WAIT_CLOCK:
        return REAL(sem_clockwait)(sem, timeout->clock, timeout->time);
    default:
        return REAL(sem_wait)(sem);
    }
}

static NOINLINE int block(const struct call *call, sem_t *sem, const struct timeout *timeout)
{
    WAIT(wait, call, EVENT_GIVE_UP, .type = EVENT_REQUEST, .object = OBJECT_SEM,
         .flags = timeout_flags(timeout), .addr = (uintptr_t)sem);
    wait_begin(&wait);
    int result = real_wait(sem, timeout);
    wait_end_lock(&wait, result ? errno : 0);
    call_leave(call);
    return result;
}

static ALWAYS_INLINE int wait_known(const struct call *call, sem_t *sem,
                                    const struct timeout *timeout)
{
    int saved = errno;
    if (UNLIKELY(REAL(sem_trywait)(sem) != 0)) {
        errno = saved;
        return block(call, sem, timeout);
    }
    tell_place(call, EVENT_ACQUIRE, sem, timeout_flags(timeout));
    call_leave(call);
    return 0;
}

EXPORT int sem_wait(sem_t *sem)
{
    REAL(pthread_testcancel)();
    CALL(call);
    if (UNLIKELY(!call.self))
        return REAL(sem_wait)(sem);
    ensure_known(&call, sem);
    return wait_known(&call, sem, &forever);
}

EXPORT int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict abstime)
{
    struct timeout timeout = {WAIT_UNTIL, CLOCK_REALTIME, abstime};
    if (timeout_valid(&timeout))
        REAL(pthread_testcancel)();
    CALL(call);
    if (!call.self)
        return real_wait(sem, &timeout);
    ensure_known(&call, sem);
    if (timeout_refused(&call, OBJECT_SEM, sem, &timeout)) {
        call_leave(&call);
        return real_wait(sem, &timeout);
    }
    return wait_known(&call, sem, &timeout);
}

/* Whether it acts on a cancellation without having to wait has changed between versions of glibc: so
 * nothing is tried first. */
EXPORT int sem_clockwait(sem_t *restrict sem, clockid_t clock,
                         const struct timespec *restrict abstime)
{
    CALL(call);
    struct timeout timeout = {WAIT_CLOCK, clock, abstime};
    if (!call.self)
        return real_wait(sem, &timeout);
    ensure_known(&call, sem);
    timeout_refused(&call, OBJECT_SEM, sem, &timeout);
    return block(&call, sem, &timeout);
}

EXPORT int sem_trywait(sem_t *sem)
{
    CALL(call);
    if (UNLIKELY(!call.self))
        return REAL(sem_trywait)(sem);
    ensure_known(&call, sem);
    int result = REAL(sem_trywait)(sem);
    if (result == 0)
        tell_object(&call, EVENT_ACQUIRE, OBJECT_SEM, sem, EVF_TRY);
    call_leave(&call);
    return result;
}

EXPORT int sem_post(sem_t *sem)
{
    CALL(call);
    if (UNLIKELY(!call.self))
        return REAL(sem_post)(sem);
    ensure_known(&call, sem);
    tell_place(&call, EVENT_POST, sem, 0);
    int result = REAL(sem_post)(sem);
    if (UNLIKELY(result != 0))
        tell_invalid(&call, OBJECT_SEM, sem, INVALID_SEM_OVERFLOW, 0);
    call_leave(&call);
    return result;
}

/* --- life -------------------------------------------------------------------------------------------- */

EXPORT int sem_init(sem_t *sem, int shared, unsigned value)
{
    CALL(call);
    if (!call.self)
        return REAL(sem_init)(sem, shared, value);
    if (value > SEM_VALUE_MAX)
        tell_invalid(&call, OBJECT_SEM, sem, INVALID_SEM_VALUE, value);
    else
        tell(&call, (struct event){.type = EVENT_INIT,
                                   .object = OBJECT_SEM,
                                   .flags = shared ? EVF_SHARED : 0,
                                   .addr = (uintptr_t)sem,
                                   .value = value});
    int result = REAL(sem_init)(sem, shared, value);
    call_leave(&call);
    return result;
}

EXPORT int sem_destroy(sem_t *sem)
{
    CALL(call);
    if (!call.self)
        return REAL(sem_destroy)(sem);
    ensure_known(&call, sem);
    tell_object(&call, EVENT_DESTROY, OBJECT_SEM, sem, 0);
    int result = REAL(sem_destroy)(sem);
    call_leave(&call);
    return result;
}

/* The same name opened again is the same object. */
static void opened(const struct call *call, sem_t *sem)
{
    int value = 0;
    if (call_knows(call, OBJECT_SEM, sem))
        return;
    sem_getvalue(sem, &value);
    tell(call, (struct event){.type = EVENT_INIT,
                              .object = OBJECT_SEM,
                              .flags = EVF_SHARED,
                              .addr = (uintptr_t)sem,
                              .value = (uint64_t)value});
}

EXPORT sem_t *sem_open(const char *name, int flags, ...)
{
    CALL(call);
    mode_t mode = 0;
    unsigned value = 0;
    if (flags & O_CREAT) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        value = va_arg(rest, unsigned);
        va_end(rest);
    }
    if (!call.self)
        return REAL(sem_open)(name, flags, mode, value);
    /* sem_open is no cancellation point of POSIX, but the files that it opens may be. */
    self_block(call.self);
    sem_t *sem = REAL(sem_open)(name, flags, mode, value);
    self_unblock(call.self);
    if (sem != SEM_FAILED)
        opened(&call, sem);
    else if ((flags & O_CREAT) && value > SEM_VALUE_MAX)
        tell_invalid(&call, OBJECT_SEM, NULL, INVALID_SEM_VALUE, value);
    call_leave(&call);
    return sem;
}

static bool mapped(const void *address)
{
    unsigned char resident;
    uintptr_t page = (uintptr_t)address & ~(uintptr_t)4095;
    return sys_call(SYS_mincore, (long)page, 4096, (long)&resident, 0, 0, 0) == 0;
}

/* The last close of a name unmaps it, inside libc. */
EXPORT int sem_close(sem_t *sem)
{
    CALL(call);
    int result = REAL(sem_close)(sem);
    if (!call.self)
        return result;
    if (result == 0 && !mapped(sem))
        tell(&call, (struct event){.type = EVENT_RANGE_GONE,
                                   .flags = EVF_UNMAP,
                                   .addr = (uintptr_t)sem,
                                   .value = sizeof(*sem)});
    call_leave(&call);
    return result;
}
