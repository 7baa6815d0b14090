/* SPDX-License-Identifier: MIT */
/* Memory that goes away, with the synchronisation objects in it. malloc and its like are not intercepted: what is
 * fresh holds no object.
 *
 * A free of a block without objects costs a look-up (detector_may_hold_objects) and no entry into the detector.
 * The event is sent before the block is given back: another thread may get it the moment after. A program
 * that brings its own malloc in its executable does not pass here at all; its objects end by destroy or by
 * being initialised again. */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "intercept/export.h"
#include "runtime/real.h"
#include "runtime/runtime.h"
#include "runtime/takeover.h"

static inline bool may_hold(uintptr_t address, size_t size)
{
    return runtime.on && detector_may_hold_objects(runtime.detector, address, size);
}

static void range_gone(uintptr_t address, size_t size, uint32_t how, const struct call_site *site)
{
    struct self *self = self_enter();
    if (!self)
        return;
    struct event event = {.type = EVENT_RANGE_GONE, .flags = how, .addr = address, .value = size};
    emit(self, site, &event, false);
    self_leave(self);
}

/* --- blocks ------------------------------------------------------------------------------------------------- */

/* malloc_usable_size may only be asked about blocks of the same allocator: a preloaded one might replace free and
 * leave libc's malloc_usable_size in place. Then sizes are unknown and blocks are taken as one granule long. */
static enum { SIZES_UNASKED, SIZES_KNOWN, SIZES_UNKNOWN } sizes;

static bool one_module(const void *a, const void *b)
{
    Dl_info of_a, of_b;
    return dladdr(a, &of_a) && dladdr(b, &of_b) && of_a.dli_fbase == of_b.dli_fbase;
}

static COLD void ask_sizes(void)
{
    bool same = one_module((const void *)(uintptr_t)REAL(free),
                           (const void *)(uintptr_t)REAL(malloc_usable_size));
    store_relaxed(&sizes, same ? SIZES_KNOWN : SIZES_UNKNOWN);
}

static inline size_t block_size(void *block)
{
    if (UNLIKELY(load_relaxed(&sizes) == SIZES_UNASKED))
        ask_sizes();
    return LIKELY(sizes == SIZES_KNOWN) ? REAL(malloc_usable_size)(block) : 1;
}

/* Whether the block may hold objects; its size for the event. */
static inline size_t block_with_objects(void *block)
{
    if (!block || !runtime.on)
        return 0;
    size_t size = block_size(block);
    return may_hold((uintptr_t)block, size) ? size : 0;
}

INTERCEPT(void, free, (void *block))
{
    size_t size = block_with_objects(block);
    if (UNLIKELY(size)) {
        struct call_site site = CALL_SITE();
        range_gone((uintptr_t)block, size, EVF_FREE, &site);
    }
    REAL(free)(block);
}

/* A block with objects in it that grows is moved by hand, so that the old one is known to be gone while it is
 * still ours. */
static void *move_block(void *block, size_t old_size, size_t new_size,
                        const struct call_site *site)
{
    void *moved = REAL(malloc)(new_size);
    if (!moved)
        return NULL;
    memcpy(moved, block, old_size);
    range_gone((uintptr_t)block, old_size, EVF_FREE, site);
    REAL(free)(block);
    return moved;
}

static void *resize(void *block, size_t new_size, const struct call_site *site)
{
    size_t size = block_with_objects(block);
    if (LIKELY(!size) || sizes == SIZES_UNKNOWN)
        return REAL(realloc)(block, new_size);
    if (new_size > size)
        return move_block(block, size, new_size, site);
    void *result = REAL(realloc)(block, new_size);
    if (result != block)
        range_gone((uintptr_t)block, size, EVF_FREE, site);
    else if (may_hold((uintptr_t)block + new_size, size - new_size))
        range_gone((uintptr_t)block + new_size, size - new_size, EVF_FREE, site);
    return result;
}

INTERCEPT(void *, realloc, (void *block, size_t size))
{
    struct call_site site = CALL_SITE();
    return resize(block, size, &site);
}

INTERCEPT(void *, reallocarray, (void *block, size_t count, size_t size))
{
    struct call_site site = CALL_SITE();
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return resize(block, bytes, &site);
}

/* --- mappings ----------------------------------------------------------------------------------------------- */

INTERCEPT(int, munmap, (void *start, size_t size))
{
    takeover_changing((uintptr_t)start, size, 0);
    if (UNLIKELY(size > 0 && may_hold((uintptr_t)start, size)) && (uintptr_t)start % 4096 == 0) {
        struct call_site site = CALL_SITE();
        range_gone((uintptr_t)start, size, EVF_UNMAP, &site);
    }
    return REAL(munmap)(start, size);
}

/* Only a fixed mapping replaces what was there; it is this thread's own when the call returns. */
INTERCEPT(void *, mmap, (void *start, size_t size, int protection, int flags, int fd, off_t offset))
{
    takeover_changing(flags & MAP_FIXED ? (uintptr_t)start : 0, size, protection);
    void *result = REAL(mmap)(start, size, protection, flags, fd, offset);
    if (UNLIKELY(flags & MAP_FIXED) && result != MAP_FAILED && may_hold((uintptr_t)result, size)) {
        struct call_site site = CALL_SITE();
        range_gone((uintptr_t)result, size, EVF_UNMAP, &site);
    }
    return result;
}

EXPORT void *intercepted_mmap64(void *, size_t, int, int, int, off_t) __asm__("mmap64")
    __attribute__((alias("mmap")));

INTERCEPT(int, mprotect, (void *start, size_t size, int protection))
{
    takeover_changing((uintptr_t)start, size, protection);
    return REAL(mprotect)(start, size, protection);
}

INTERCEPT(int, pkey_mprotect, (void *start, size_t size, int protection, int key))
{
    takeover_changing((uintptr_t)start, size, protection);
    return REAL(pkey_mprotect)(start, size, protection, key);
}

/* Moved pages take their bytes with them, but an object in them has another address now. */
EXPORT void *intercepted_mremap(void *start, size_t old_size, size_t size, int flags, void *to)
    __asm__("mremap");

void *intercepted_mremap(void *start, size_t old_size, size_t size, int flags, void *to)
{
    takeover_changing((uintptr_t)start, old_size, 0);
    if (flags & MREMAP_FIXED)
        takeover_changing((uintptr_t)to, size, 0);
    void *result = REAL(mremap)(start, old_size, size, flags, to);
    if (result == MAP_FAILED)
        return result;
    uintptr_t gone = (uintptr_t)start, gone_size = old_size;
    if (result == start) {
        gone += size;
        gone_size = old_size > size ? old_size - size : 0;
    }
    if (gone_size > 0 && may_hold(gone, gone_size)) {
        struct call_site site = CALL_SITE();
        range_gone(gone, gone_size, EVF_UNMAP, &site);
    }
    return result;
}
