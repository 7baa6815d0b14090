/* SPDX-License-Identifier: MIT */
/* Where regions lie, and how they are mapped; see region.h.
 *
 * Below the module, next to it, is best: program break heaps grow above position-independent programs, and mmap works
 * its way down below the libraries, where it will just go on below the region. A program at a fixed low address has no
 * room below; there the region goes as far up as it can reach, which leaves its heap about 2 GiB (malloc then takes
 * mmap). Below the main stack nothing is taken, it grows.
 *
 * Where the kernel refuses memory that is both writable and executable, a region is a shared memory file mapped
 * twice. */
#include "translate/region.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/maps.h"
#include "base/sys.h"
#include "translate/arch.h"
#include "translate/translator.h"

#define PAGE 4096u
#define LARGEST_REGION ((size_t)128 << 20)
#define SMALLEST_REGION ((size_t)1 << 20)
#define GUARD ((uintptr_t)1 << 16)
#define LOWEST_ADDRESS ((uintptr_t)1 << 16)
#define HIGHEST_ADDRESS (((uintptr_t)1 << 47) - PAGE)

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* --- gaps ----------------------------------------------------------------------------------------------------------- */

struct window {
    uintptr_t from, to; /* where a region may lie */
    uintptr_t low;      /* the module's */
    size_t size;
    uintptr_t below, above; /* the best start below and above the module so far; 0: none */
    uintptr_t end;          /* of the mappings so far */
};

/* The gap [from, to), and what follows it. */
static void consider(struct window *w, uintptr_t from, uintptr_t to, bool stack_follows)
{
    from = from + GUARD > w->from ? from + GUARD : w->from;
    to = to < GUARD ? 0 : to - GUARD < w->to ? to - GUARD : w->to;
    if (stack_follows || to < from || to - from < w->size)
        return;
    uintptr_t start = (to - w->size) & ~(uintptr_t)(CHUNK_SIZE - 1);
    if (start < from)
        return;
    if (start < w->low)
        w->below = start;
    else
        w->above = start;
}

static bool visit_mapping(void *ctx, const struct maps_entry *entry)
{
    struct window *w = ctx;
    if (entry->start > w->end)
        consider(w, w->end, entry->start, strcmp(entry->path, "[stack]") == 0);
    if (entry->end > w->end)
        w->end = entry->end;
    return true;
}

static bool look_for_gap(struct window *w)
{
    char path[sizeof("[stack] ")];
    w->end = LOWEST_ADDRESS;
    if (!maps_each(path, sizeof(path), visit_mapping, w))
        return false;
    if (w->end < HIGHEST_ADDRESS)
        consider(w, w->end, HIGHEST_ADDRESS, false);
    return true;
}

/* --- mapping ---------------------------------------------------------------------------------------------------------- */

static bool is_error(long result) { return (unsigned long)result > -4096ul; }

static uintptr_t map_at(uintptr_t at, size_t size, int protection, int flags, int fd)
{
    long got = sys_call(SYS_mmap, (long)at, (long)size, protection, flags | (at ? MAP_FIXED_NOREPLACE : 0), fd, 0);
    if (is_error(got))
        return 0;
    if (at && (uintptr_t)got != at) { /* a kernel that does not know MAP_FIXED_NOREPLACE */
        sys_unmap((void *)got, size);
        return 0;
    }
    return (uintptr_t)got;
}

static int make_file(size_t size)
{
    int fd = (int)sys_call(SYS_memfd_create, (long)"detect-cache", MFD_CLOEXEC, 0, 0, 0, 0);
    if (fd >= 0 && sys_call(SYS_ftruncate, fd, (long)size, 0, 0, 0, 0) < 0) {
        sys_close(fd);
        return -1;
    }
    return fd;
}

/* Both mappings of a file; `at` and `write_at` may be 0: anywhere. */
static bool map_twice(size_t size, uintptr_t at, uintptr_t *code, uintptr_t *writable)
{
    int fd = make_file(size);
    if (fd < 0)
        return false;
    *code = map_at(at, size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_NORESERVE, fd);
    *writable = *code ? map_at(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd) : 0;
    sys_close(fd);
    if (*code && !*writable)
        sys_unmap((void *)*code, size);
    return *writable != 0;
}

static bool map_region(struct tr_region *region, uintptr_t at, size_t size)
{
    uintptr_t start, writable;
    if (translator.dual) {
        if (!map_twice(size, at, &start, &writable))
            return false;
    } else {
        writable = start = map_at(at, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
        if (!start || is_error(sys_call(SYS_mprotect, (long)start, CHUNK_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
                                        0, 0, 0)))
            return false;
    }
    sys_call(SYS_madvise, (long)writable, (long)size, MADV_DONTDUMP, 0, 0, 0);
    region->start = start;
    region->end = start + size;
    region->write_delta = (intptr_t)(writable - start);
    region->chunk_count = (uint32_t)(size / CHUNK_SIZE);
    return true;
}

/* Under a limit on address space a region takes a small part of it. */
static size_t largest_region(void)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    size_t size = LARGEST_REGION;
    sys_call(SYS_prlimit64, 0, RLIMIT_AS, 0, (long)&limit, 0, 0);
    while (size > SMALLEST_REGION && size > limit.rlim_cur / 16)
        size /= 2;
    return size;
}

static bool place_near(struct tr_region *region, uintptr_t low, uintptr_t high)
{
    for (size_t size = largest_region(); size >= SMALLEST_REGION; size /= 4) {
        struct window w = {.low = low, .size = size};
        w.from = high > REGION_REACH + LOWEST_ADDRESS ? high - REGION_REACH : LOWEST_ADDRESS;
        w.to = low + REGION_REACH < HIGHEST_ADDRESS ? low + REGION_REACH : HIGHEST_ADDRESS;
        if (w.from >= w.to || !look_for_gap(&w))
            return false;
        if (w.below && map_region(region, w.below, size))
            return true;
        if (w.above && map_region(region, w.above, size))
            return true;
    }
    return false;
}

static bool place_anywhere(struct tr_region *region)
{
    for (size_t size = largest_region(); size >= SMALLEST_REGION; size /= 4) {
        if (map_region(region, 0, size)) {
            region->far = true;
            return true;
        }
    }
    return false;
}

struct tr_region *region_make(uintptr_t low, uintptr_t high)
{
    struct tr_region *region = arena_alloc(translator.host->arena, sizeof(*region));
    if (!region || (!place_near(region, low, high) && !place_anywhere(region)))
        return NULL;
    region->chunks = arena_alloc(translator.host->arena, region->chunk_count * sizeof(struct tr_chunk));
    if (!region->chunks || !tr_arch.region_prologue(region))
        return NULL;
    struct tr_chunk *first = &region->chunks[0];
    region->chunks_used = 1;
    first->start = region->start;
    first->next = region->shared_end;
    first->end = first->cold = region->start + CHUNK_SIZE;
    first->state = CHUNK_STUBS;
    region->stubs = first;
    region->older = cache_regions;
    store_release(&cache_regions, region); /* to cache_region_of's load_acquire */
    return region;
}

/* --- whether it can be done ------------------------------------------------------------------------------------------- */

bool cache_probe(bool *dual)
{
    uintptr_t at = map_at(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1), writable;
    if (at && !is_error(sys_call(SYS_mprotect, (long)at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, 0, 0, 0))) {
        sys_unmap((void *)at, PAGE);
        *dual = false;
        return true;
    }
    if (at)
        sys_unmap((void *)at, PAGE);
    *dual = true;
    if (!map_twice(PAGE, 0, &at, &writable))
        return false;
    sys_unmap((void *)at, PAGE);
    sys_unmap((void *)writable, PAGE);
    return true;
}

/* A copy of the file at the same two addresses. */
static void own_copy(struct tr_region *region)
{
    size_t size = region->end - region->start;
    uintptr_t writable = region->start + (uintptr_t)region->write_delta;
    size_t used = (size_t)region->chunks_used * CHUNK_SIZE;
    int fd = make_file(size);
    if (fd < 0)
        return;
    for (size_t done = 0; done < used;) {
        long n = sys_call(SYS_pwrite64, fd, (long)(writable + done), (long)(used - done), (long)done, 0, 0);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    int flags = MAP_SHARED | MAP_NORESERVE | MAP_FIXED;
    sys_call(SYS_mmap, (long)region->start, (long)size, PROT_READ | PROT_EXEC, flags, fd, 0);
    sys_call(SYS_mmap, (long)writable, (long)size, PROT_READ | PROT_WRITE, flags, fd, 0);
    sys_close(fd);
}

void cache_fork_child(void)
{
    for (struct tr_region *region = cache_regions; translator.dual && region; region = region->older)
        own_copy(region);
}
