/* SPDX-License-Identifier: MIT */
/* What programs tell about their own synchronisation: ThreadSanitizer's __tsan_acquire … __tsan_mutex_*, and
 * the Annotate* functions that Valgrind and Chromium made known. Programs refer to them weakly and find them
 * here. Annotations about races mean nothing yet.
 *
 * A mutex that is annotated is often built on one that we see as well. Between a "pre" and its "post" the thread is
 * therefore not watched, as ThreadSanitizer does it (self->ignored): else the lock would be taken twice. */
#include "intercept/annotations.h"

#include "intercept/intercept.h"
#include "intercept/order.h"

/* --- happens-before -------------------------------------------------------------------------------------------- */

EXPORT void __tsan_acquire(void *addr)
{
    struct call_site site = CALL_SITE();
    order_acquire(OBJECT_USER, (uintptr_t)addr, &site);
}

EXPORT void __tsan_release(void *addr)
{
    struct call_site site = CALL_SITE();
    order_release(OBJECT_USER, (uintptr_t)addr, &site);
}

EXPORT void AnnotateHappensBefore(const char *file, int line, const volatile void *addr)
{
    (void)file, (void)line;
    struct call_site site = CALL_SITE();
    order_release(OBJECT_USER, (uintptr_t)addr, &site);
}

EXPORT void AnnotateHappensAfter(const char *file, int line, const volatile void *addr)
{
    (void)file, (void)line;
    struct call_site site = CALL_SITE();
    order_acquire(OBJECT_USER, (uintptr_t)addr, &site);
}

EXPORT void AnnotateCondVarSignal(const char *file, int line, const volatile void *addr)
    __attribute__((alias("AnnotateHappensBefore")));
EXPORT void AnnotateCondVarSignalAll(const char *file, int line, const volatile void *addr)
    __attribute__((alias("AnnotateHappensBefore")));

EXPORT void AnnotateCondVarWait(const char *file, int line, const volatile void *addr,
                                const volatile void *lock)
{
    (void)file, (void)line, (void)lock;
    struct call_site site = CALL_SITE();
    order_acquire(OBJECT_USER, (uintptr_t)addr, &site);
}

/* --- locks ------------------------------------------------------------------------------------------------------- */

/* An annotation does not say whether a lock can be shared before somebody shares it: all are rwlocks. */
static void tell_lock(const struct call *call, enum event_type type, const volatile void *lock,
                      bool shared, uint32_t flags)
{
    tell(call, (struct event){.type = (uint8_t)type,
                              .object = OBJECT_RWLOCK,
                              .mode = shared ? MODE_SHARED : MODE_EXCLUSIVE,
                              .flags = flags,
                              .addr = (uintptr_t)lock});
}

static void make_known(const struct call *call, const volatile void *lock)
{
    if (!call_knows(call, OBJECT_RWLOCK, lock))
        tell_object(call, EVENT_FIRST_USE, OBJECT_RWLOCK, lock, EVF_BYTES_VALID);
}

static uint32_t lock_flags(unsigned annotation)
{
    return (annotation & TSAN_MUTEX_TRY_LOCK ? EVF_TRY : 0u) |
           (annotation & (TSAN_MUTEX_WRITE_REENTRANT | TSAN_MUTEX_READ_REENTRANT) ? EVF_RECURSIVE
                                                                                    : 0u);
}

EXPORT void __tsan_mutex_create(void *lock, unsigned flags)
{
    CALL(call);
    if (!call.self)
        return;
    tell_lock(&call, EVENT_INIT, lock, false, lock_flags(flags));
    call_leave(&call);
}

EXPORT void __tsan_mutex_destroy(void *lock, unsigned flags)
{
    (void)flags;
    CALL(call);
    if (!call.self)
        return;
    if (call_knows(&call, OBJECT_RWLOCK, lock))
        tell_lock(&call, EVENT_DESTROY, lock, false, 0);
    call_leave(&call);
}

EXPORT void __tsan_mutex_pre_lock(void *lock, unsigned flags)
{
    CALL(call);
    if (!call.self)
        return;
    make_known(&call, lock);
    if (!(flags & TSAN_MUTEX_TRY_LOCK))
        tell_lock(&call, EVENT_REQUEST, lock, flags & TSAN_MUTEX_READ_LOCK, lock_flags(flags));
    call.self->ignored = true;
    call_leave(&call);
}

EXPORT void __tsan_mutex_post_lock(void *lock, unsigned flags, int recursion)
{
    (void)recursion;
    if (self_current)
        self_current->ignored = false;
    CALL(call);
    if (!call.self)
        return;
    bool shared = flags & TSAN_MUTEX_READ_LOCK;
    if (!(flags & TSAN_MUTEX_TRY_LOCK_FAILED))
        tell_lock(&call, EVENT_ACQUIRE, lock, shared, lock_flags(flags));
    else if (!(flags & TSAN_MUTEX_TRY_LOCK))
        tell_lock(&call, EVENT_GIVE_UP, lock, shared, 0);
    call_leave(&call);
}

EXPORT int __tsan_mutex_pre_unlock(void *lock, unsigned flags)
{
    CALL(call);
    if (!call.self)
        return 1;
    tell_lock(&call, EVENT_RELEASE, lock, flags & TSAN_MUTEX_READ_LOCK, 0);
    call.self->ignored = true;
    call_leave(&call);
    return 1;
}

EXPORT void __tsan_mutex_post_unlock(void *lock, unsigned flags)
{
    (void)lock, (void)flags;
    if (self_current)
        self_current->ignored = false;
}

/* Signalling inside the implementation of a lock is the lock's own business. */
EXPORT void __tsan_mutex_pre_signal(void *lock, unsigned flags)
{
    (void)lock, (void)flags;
    if (self_current)
        self_current->ignored = true;
}

EXPORT void __tsan_mutex_post_signal(void *lock, unsigned flags)
    __attribute__((alias("__tsan_mutex_post_unlock")));

/* A divert is code of the program's inside of the implementation. */
EXPORT void __tsan_mutex_pre_divert(void *lock, unsigned flags)
    __attribute__((alias("__tsan_mutex_post_unlock")));
EXPORT void __tsan_mutex_post_divert(void *lock, unsigned flags)
    __attribute__((alias("__tsan_mutex_pre_signal")));

EXPORT void AnnotateRWLockCreate(const char *file, int line, const volatile void *lock)
{
    (void)file, (void)line;
    CALL(call);
    if (!call.self)
        return;
    tell_lock(&call, EVENT_INIT, lock, false, 0);
    call_leave(&call);
}

EXPORT void AnnotateRWLockCreateStatic(const char *file, int line, const volatile void *lock)
    __attribute__((alias("AnnotateRWLockCreate")));

EXPORT void AnnotateRWLockDestroy(const char *file, int line, const volatile void *lock)
{
    (void)file, (void)line;
    CALL(call);
    if (!call.self)
        return;
    if (call_knows(&call, OBJECT_RWLOCK, lock))
        tell_lock(&call, EVENT_DESTROY, lock, false, 0);
    call_leave(&call);
}

EXPORT void AnnotateRWLockAcquired(const char *file, int line, const volatile void *lock,
                                   long exclusive)
{
    (void)file, (void)line;
    CALL(call);
    if (!call.self)
        return;
    make_known(&call, lock);
    tell_lock(&call, EVENT_ACQUIRE, lock, !exclusive, 0);
    call_leave(&call);
}

EXPORT void AnnotateRWLockReleased(const char *file, int line, const volatile void *lock,
                                   long exclusive)
{
    (void)file, (void)line;
    CALL(call);
    if (!call.self)
        return;
    tell_lock(&call, EVENT_RELEASE, lock, !exclusive, 0);
    call_leave(&call);
}

/* --- threads and races ------------------------------------------------------------------------------------------- */

EXPORT void AnnotateThreadName(const char *file, int line, const char *name)
{
    (void)file, (void)line;
    CALL(call);
    if (!call.self)
        return;
    threads_set_name(call.self->thread, name);
    call_leave(&call);
}

EXPORT void AnnotateBenignRace(const char *file, int line, const volatile void *addr,
                               const char *description)
{
    (void)file, (void)line, (void)addr, (void)description;
}

EXPORT void AnnotateBenignRaceSized(const char *file, int line, const volatile void *addr, size_t size,
                                    const char *description)
{
    (void)file, (void)line, (void)addr, (void)size, (void)description;
}
