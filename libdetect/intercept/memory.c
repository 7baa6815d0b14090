/* SPDX-License-Identifier: MIT */
/* Mappings: memory that comes and goes in pages, with the synchronisation objects in it; and code in it (takeover.h). */
#include "intercept/memory.h"

#include <errno.h>
#include <sys/mman.h>

#include "intercept/export.h"
#include "runtime/races.h"
#include "runtime/real.h"

void memory_gone(uintptr_t address, size_t size, uint32_t how, const struct call_site *site)
{
    struct self *self = self_enter();
    if (!self)
        return;
    struct event event = {.type = EVENT_RANGE_GONE, .flags = how, .addr = address, .value = size};
    emit(self, site, &event, false);
    self_leave(self);
}

/* --- races: memory that is new, or about to go ------------------------------------------------------------------ */

static COLD void tell_mapped(void *start, size_t size)
{
    struct self *self = self_enter();
    if (!self)
        return;
    races_mapped(self, start, size);
    self_leave(self);
}

static COLD void tell_unmapping(void *start, size_t size, uintptr_t caller)
{
    struct self *self = self_enter();
    if (!self)
        return;
    races_unmapping(self, start, size, caller);
    self_leave(self);
}

static inline void mapped(void *start, size_t size)
{
    if (UNLIKELY(races_are_on))
        tell_mapped(start, size);
}

static inline void unmapping(void *start, size_t size, uintptr_t caller)
{
    if (UNLIKELY(races_are_on) && size > 0 && (uintptr_t)start % 4096 == 0)
        tell_unmapping(start, size, caller);
}

#define CALLER() ((uintptr_t)__builtin_return_address(0))

/* --- mappings ----------------------------------------------------------------------------------------------- */

INTERCEPT(int, munmap, (void *start, size_t size))
{
    takeover_changing((uintptr_t)start, size, 0);
    if (UNLIKELY(size > 0 && memory_may_hold((uintptr_t)start, size)) && (uintptr_t)start % 4096 == 0) {
        struct call_site site = CALL_SITE();
        memory_gone((uintptr_t)start, size, EVF_UNMAP, &site);
    }
    unmapping(start, size, CALLER());
    return REAL(munmap)(start, size);
}

/* Only a fixed mapping replaces what was there; it is this thread's own when the call returns. */
INTERCEPT(void *, mmap, (void *start, size_t size, int protection, int flags, int fd, off_t offset))
{
    takeover_changing(flags & MAP_FIXED ? (uintptr_t)start : 0, size, protection);
    if (flags & MAP_FIXED)
        unmapping(start, size, CALLER());
    void *result = REAL(mmap)(start, size, protection, flags, fd, offset);
    if (UNLIKELY(flags & MAP_FIXED) && result != MAP_FAILED && memory_may_hold((uintptr_t)result, size)) {
        struct call_site site = CALL_SITE();
        memory_gone((uintptr_t)result, size, EVF_UNMAP, &site);
    }
    if (result != MAP_FAILED)
        mapped(result, size);
    return result;
}

EXPORT void *intercepted_mmap64(void *, size_t, int, int, int, off_t) __asm__("mmap64")
    __attribute__((alias("mmap")));

INTERCEPT(int, mprotect, (void *start, size_t size, int protection))
{
    takeover_changing((uintptr_t)start, size, protection);
    return REAL(mprotect)(start, size, protection);
}

INTERCEPT(int, mlockall, (int flags))
{
    if (races_shadow_bytes() == 0)
        return REAL(mlockall)(flags);
    long result = races_mlockall(flags);
    if (result < 0)
        errno = (int)-result;
    return result < 0 ? -1 : 0;
}

INTERCEPT(int, pkey_mprotect, (void *start, size_t size, int protection, int key))
{
    takeover_changing((uintptr_t)start, size, protection);
    return REAL(pkey_mprotect)(start, size, protection, key);
}

/* Moved pages take their bytes with them, but an object in them has another address now. */
EXPORT void *intercepted_mremap(void *start, size_t old_size, size_t size, int flags, void *to)
    __asm__("mremap");

/* Where it may move, it is known to go before it does: another thread may get the addresses the moment after. */
static void *remap(void *start, size_t old_size, size_t size, int flags, void *to, uintptr_t caller)
{
    if (LIKELY(!races_are_on) || !(flags & MREMAP_MAYMOVE))
        return REAL(mremap)(start, old_size, size, flags, to);
    if (!(flags & MREMAP_FIXED)) {
        void *result = REAL(mremap)(start, old_size, size, flags & ~MREMAP_MAYMOVE);
        if (result != MAP_FAILED)
            return result;
    } else {
        unmapping(to, size, caller);
    }
    unmapping(start, old_size, caller);
    return REAL(mremap)(start, old_size, size, flags, to);
}

void *intercepted_mremap(void *start, size_t old_size, size_t size, int flags, void *to)
{
    takeover_changing((uintptr_t)start, old_size, 0);
    if (flags & MREMAP_FIXED)
        takeover_changing((uintptr_t)to, size, 0);
    void *result = remap(start, old_size, size, flags, to, CALLER());
    if (result == MAP_FAILED)
        return result;
    uintptr_t gone = (uintptr_t)start, gone_size = old_size;
    if (result == start) {
        gone += size;
        gone_size = old_size > size ? old_size - size : 0;
    }
    if (gone_size > 0 && memory_may_hold(gone, gone_size)) {
        struct call_site site = CALL_SITE();
        memory_gone(gone, gone_size, EVF_UNMAP, &site);
    }
    if (result != start)
        mapped(result, size);
    else if (size > old_size)
        mapped((char *)start + old_size, size - old_size);
    return result;
}
