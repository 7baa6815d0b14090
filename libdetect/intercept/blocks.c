/* SPDX-License-Identifier: MIT */
/* Blocks: malloc and its like. A block that is freed may hold synchronisation objects; where races are looked for, it is a
 * write to all of it as well, and a new block has no history.
 *
 * Without races what allocates is passed on at once, and a free of a block without objects costs a look-up
 * (detector_may_hold_objects) and no entry into the detector. All that concerns the old block is told before it is given
 * back: another thread may get it the moment after. What the allocator itself does, if it is the program's own or a
 * library's, is not looked at. A program that brings its own malloc in its executable does not pass here at all; its
 * objects end by destroy or by being initialised again. */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "intercept/export.h"
#include "intercept/memory.h"
#include "runtime/races.h"
#include "runtime/real.h"

/* --- sizes ---------------------------------------------------------------------------------------------------- */

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
    return memory_may_hold((uintptr_t)block, size) ? size : 0;
}

/* --- races: a call of the allocator ---------------------------------------------------------------------------- */

/* The thread, if what this call does is to be told; its accesses are then ignored until allocator_done(). An allocator that
 * calls itself is told of once. */
static inline struct self *allocator_enter(void)
{
    struct self *self = races_watch_blocks ? self_current : NULL;
    if (!self || self->depth > 0 || self->gone || self->races_ignored > 0)
        return NULL;
    races_ignore_begin(self);
    return self;
}

static void tell_allocated(struct self *self, const struct call_site *site, void *block, size_t size)
{
    size_t room = block_size(block);
    races_ignore_end(self);
    if (!self_enter())
        return;
    races_allocated(self, site, block, size, room > size ? room : size);
    self_leave(self);
}

static ALWAYS_INLINE void *allocator_done(struct self *self, const struct call_site *site, void *block, size_t size)
{
    if (LIKELY(!self))
        return block;
    if (block)
        tell_allocated(self, site, block, size);
    else
        races_ignore_end(self);
    return block;
}

/* --- allocation ------------------------------------------------------------------------------------------------- */

/* The real call, and what there is to tell of its result. */
#define ALLOCATE(real_call, size)                                                                                      \
    do {                                                                                                               \
        struct call_site site = CALL_SITE();                                                                           \
        struct self *self = allocator_enter();                                                                         \
        return allocator_done(self, &site, real_call, size);                                                           \
    } while (0)

INTERCEPT(void *, malloc, (size_t size))
{
    if (LIKELY(!races_watch_blocks))
        return REAL(malloc)(size);
    ALLOCATE(REAL(malloc)(size), size);
}

INTERCEPT(void *, calloc, (size_t count, size_t size))
{
    if (LIKELY(!races_watch_blocks))
        return REAL(calloc)(count, size);
    ALLOCATE(REAL(calloc)(count, size), count * size);
}

INTERCEPT(void *, memalign, (size_t alignment, size_t size)) { ALLOCATE(REAL(memalign)(alignment, size), size); }

INTERCEPT(void *, aligned_alloc, (size_t alignment, size_t size)) { ALLOCATE(REAL(aligned_alloc)(alignment, size), size); }

INTERCEPT(void *, valloc, (size_t size)) { ALLOCATE(REAL(valloc)(size), size); }

INTERCEPT(void *, pvalloc, (size_t size)) { ALLOCATE(REAL(pvalloc)(size), size); }

INTERCEPT(int, posix_memalign, (void **block, size_t alignment, size_t size))
{
    struct call_site site = CALL_SITE();
    struct self *self = allocator_enter();
    int error = REAL(posix_memalign)(block, alignment, size);
    allocator_done(self, &site, error == 0 ? *block : NULL, size);
    return error;
}

/* --- free --------------------------------------------------------------------------------------------------------- */

static void tell_freeing(struct self *self, void *block, size_t room, const struct call_site *site)
{
    if (memory_may_hold((uintptr_t)block, room)) {
        struct event event = {.type = EVENT_RANGE_GONE, .flags = EVF_FREE, .addr = (uintptr_t)block, .value = room};
        emit(self, site, &event, false);
    }
    races_freeing(self, block, room, site->pc);
}

static NOINLINE void free_watched(void *block, const struct call_site *site)
{
    struct self *self = block ? self_enter() : NULL;
    if (self && self->races_ignored == 0)
        tell_freeing(self, block, block_size(block), site);
    if (self) {
        self_leave(self);
        races_ignore_begin(self);
    }
    REAL(free)(block);
    if (self)
        races_ignore_end(self);
}

INTERCEPT(void, free, (void *block))
{
    if (UNLIKELY(races_watch_blocks)) {
        struct call_site site = CALL_SITE();
        free_watched(block, &site);
        return;
    }
    size_t size = block_with_objects(block);
    if (UNLIKELY(size)) {
        struct call_site site = CALL_SITE();
        memory_gone((uintptr_t)block, size, EVF_FREE, &site);
    }
    REAL(free)(block);
}

/* --- realloc ------------------------------------------------------------------------------------------------------- */

/* A block with objects in it that grows is moved by hand, so that the old one is known to be gone while it is
 * still ours. */
static void *move_block(void *block, size_t old_size, size_t new_size,
                        const struct call_site *site)
{
    void *moved = REAL(malloc)(new_size);
    if (!moved)
        return NULL;
    memcpy(moved, block, old_size);
    memory_gone((uintptr_t)block, old_size, EVF_FREE, site);
    REAL(free)(block);
    return moved;
}

static void *resize_with_objects(void *block, size_t new_size, const struct call_site *site)
{
    size_t size = block_with_objects(block);
    if (LIKELY(!size) || sizes == SIZES_UNKNOWN)
        return REAL(realloc)(block, new_size);
    if (new_size > size)
        return move_block(block, size, new_size, site);
    void *result = REAL(realloc)(block, new_size);
    if (result != block)
        memory_gone((uintptr_t)block, size, EVF_FREE, site);
    else if (memory_may_hold((uintptr_t)block + new_size, size - new_size))
        memory_gone((uintptr_t)block + new_size, size - new_size, EVF_FREE, site);
    return result;
}

/* The block stays where it is, of another size or, if the call has failed, of the same. */
static void tell_stayed(struct self *self, const struct call_site *site, void *block, size_t size, size_t old_room)
{
    size_t room = block_size(block);
    races_ignore_end(self);
    if (!self_enter())
        return;
    races_stayed(self, site, block, size, room > size ? room : size, old_room);
    self_leave(self);
}

/* As far as races go, whatever realloc does is a write to all of the old block. */
static NOINLINE void *resize_watched(struct self *self, void *block, size_t size, const struct call_site *site)
{
    size_t old_room = block ? block_size(block) : 0;
    if (block && self_enter()) {
        races_freeing(self, block, old_room, site->pc);
        self_leave(self);
    }
    void *result = resize_with_objects(block, size, site);
    if (result == block && block)
        tell_stayed(self, site, block, size, old_room);
    else if (result)
        tell_allocated(self, site, result, size);
    else if (block && size > 0)
        tell_stayed(self, site, block, old_room, old_room);
    else
        races_ignore_end(self);
    return result;
}

static inline void *resize(void *block, size_t size, const struct call_site *site)
{
    struct self *self = allocator_enter();
    return UNLIKELY(self != NULL) ? resize_watched(self, block, size, site) : resize_with_objects(block, size, site);
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
