/* SPDX-License-Identifier: MIT */
/* Where shadow memory lies: two words for each 8 bytes of the program's memory, at constant distances from it.
 *
 * Address space only: pages cost what is touched, are in no core dump, and small (huge ones would cost what lies beside).
 * Three stretches hold nearly all memory of a program for Linux on x86-64:
 *
 *   low     0 to 16 GiB          executables that are not position-independent, their heap, MAP_32BIT
 *   program the executable       position-independent ones, and the heap that the kernel puts behind them
 *   mapped  libraries, mmap      down from below the stack, which is the upper end of all
 *
 * The distance is a power of two and an odd number of pages, the same for the upper two stretches. (A distance that shares
 * all low address bits confuses the caches of some CPUs.) Where others have memory already, another distance is tried; what
 * lies in no stretch, or in one that cannot be had, goes through a table of the analysis. */
#include <elf.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "runtime/races_inner.h"

#define GIB ((uintptr_t)1 << 30)
#define TIB ((uintptr_t)1 << 40)
#define PAGE ((uintptr_t)4096)
#define TOP ((uintptr_t)0x7ffffffff000) /* of user space with four levels of page tables */

#define LOW_BYTES (16 * GIB)
#define BEFORE_PROGRAM (4 * GIB)
#define BEHIND_PROGRAM (1 * TIB)
#define BELOW_MAPPED (2 * TIB)

#define TAGS_PAGES 5
#define SITES_PAGES 11

static uint64_t reserved;

uint64_t races_shadow_bytes(void) { return reserved; }

struct stretch {
    uintptr_t start, end;
};

/* --- what is taken already -------------------------------------------------------------------------------------------------- */

static bool overlap(struct stretch a, struct stretch b) { return a.start < b.end && b.start < a.end; }

static struct stretch moved(struct stretch stretch, intptr_t distance)
{
    return (struct stretch){stretch.start + (uintptr_t)distance, stretch.end + (uintptr_t)distance};
}

static bool is_user_space(struct stretch stretch) { return stretch.start < stretch.end && stretch.end <= TOP; }

/* --- reserving ---------------------------------------------------------------------------------------------------------------- */

static bool map_at(struct stretch stretch)
{
    size_t size = stretch.end - stretch.start;
    long got = sys_call(SYS_mmap, (long)stretch.start, (long)size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != (long)stretch.start) {
        if (got > 0) /* a kernel that does not know MAP_FIXED_NOREPLACE */
            sys_unmap((void *)got, size);
        return false;
    }
    sys_call(SYS_madvise, got, (long)size, MADV_DONTDUMP, 0, 0, 0);
    sys_call(SYS_madvise, got, (long)size, MADV_NOHUGEPAGE, 0, 0, 0);
    reserved += size;
    return true;
}

static void unmap(struct stretch stretch)
{
    sys_unmap((void *)stretch.start, stretch.end - stretch.start);
    reserved -= stretch.end - stretch.start;
}

static bool add_range(struct race_shadow *shadow, struct stretch stretch, intptr_t tags, intptr_t sites)
{
    struct stretch of_tags = moved(stretch, tags), of_sites = moved(stretch, sites);
    if (!is_user_space(of_tags) || !is_user_space(of_sites) || overlap(of_tags, stretch) || overlap(of_sites, stretch))
        return false;
    if (!map_at(of_tags))
        return false;
    if (!map_at(of_sites)) {
        unmap(of_tags);
        return false;
    }
    uint32_t next = shadow->range_count++;
    shadow->ranges[next].start = stretch.start;
    shadow->ranges[next].end = stretch.end;
    shadow->ranges[next].tags = tags;
    shadow->ranges[next].sites = sites;
    return true;
}

static void drop_ranges(struct race_shadow *shadow)
{
    for (; shadow->range_count > 0; shadow->range_count--) {
        uint32_t last = shadow->range_count - 1;
        struct stretch stretch = {shadow->ranges[last].start, shadow->ranges[last].end};
        unmap(moved(stretch, shadow->ranges[last].tags));
        unmap(moved(stretch, shadow->ranges[last].sites));
    }
}

static void discard(void *start, size_t size)
{
    sys_call(SYS_madvise, (long)start, (long)size, MADV_DONTNEED, 0, 0, 0);
}

/* --- the stretches --------------------------------------------------------------------------------------------------------------- */

static uintptr_t page_of(uintptr_t address) { return address & ~(PAGE - 1); }

static struct stretch program_stretch(void)
{
    uintptr_t at = getauxval(AT_ENTRY);
    if (at < LOW_BYTES + BEFORE_PROGRAM)
        return (struct stretch){0, 0};
    return (struct stretch){page_of(at) - BEFORE_PROGRAM, page_of(at) + BEHIND_PROGRAM};
}

/* This library lies near the upper end of what the kernel maps where it likes. */
static struct stretch mapped_stretch(void)
{
    uintptr_t at = page_of((uintptr_t)&reserved);
    return (struct stretch){at > BELOW_MAPPED ? at - BELOW_MAPPED : LOW_BYTES, TOP};
}

/* The upper stretches, with one distance. */
static bool reserve_upper(struct race_shadow *shadow, intptr_t tags, intptr_t sites)
{
    struct stretch program = program_stretch(), mapped = mapped_stretch();
    if (program.end > mapped.start)
        program.end = program.start < mapped.start ? mapped.start : program.start;
    if (add_range(shadow, mapped, tags, sites) &&
        (program.start == program.end || add_range(shadow, program, tags, sites)))
        return true;
    drop_ranges(shadow);
    return false;
}

bool races_shadow_reserve(struct race_shadow *shadow)
{
    static const uint8_t distances[] = {16, 20, 12, 24, 8, 28, 14}; /* in TiB */
    *shadow = (struct race_shadow){.discard = discard};
    for (size_t i = 0; i < ARRAY_LEN(distances) && shadow->range_count == 0; i++) {
        intptr_t distance = -(intptr_t)(distances[i] * TIB);
        reserve_upper(shadow, distance + TAGS_PAGES * (intptr_t)PAGE, distance - (intptr_t)(8 * TIB) + SITES_PAGES * (intptr_t)PAGE);
    }
    if (shadow->range_count == 0)
        return false;
    struct stretch low = {0, LOW_BYTES};
    add_range(shadow, low, (intptr_t)(16 * TIB) + TAGS_PAGES * (intptr_t)PAGE,
              (intptr_t)(24 * TIB) + SITES_PAGES * (intptr_t)PAGE);
    return true;
}
