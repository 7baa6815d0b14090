/* SPDX-License-Identifier: MIT */
/* Where shadow memory lies: two words for each 8 bytes of the program's memory, at constant distances from it.
 *
 * Address space only: pages cost what is touched, are in no core dump, and small (huge ones would cost what lies beside).
 * A few stretches hold nearly all memory of a program for Linux on x86-64:
 *
 *   low     0 to 16 GiB          executables that are not position-independent, their heap, MAP_32BIT
 *   program the executable       position-independent ones, and the heap that the kernel puts behind them
 *   mapped  the dynamic linker   libraries, mmap
 *   stack   the upper end of all, often with `mapped` close below
 *
 * Tags lie where one bit of the address is flipped, plus an odd number of pages, so that translated code needs one test for
 * all stretches (struct tr_check). (Words that share all low address bits with their data confuse the caches of some CPUs.)
 * Where others have memory already, another bit is tried. A stretch of its own is made for what the program maps elsewhere
 * (allocators that choose their addresses); what lies in none, or in one that cannot be had, goes through a table of the
 * analysis, and each access to it through a fault.
 */
#include <elf.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "base/maps.h"
#include "runtime/races_inner.h"

#define GIB ((uintptr_t)1 << 30)
#define TIB ((uintptr_t)1 << 40)
#define PAGE ((uintptr_t)4096)
#define TOP ((uintptr_t)0x7ffffffff000) /* of user space with four levels of page tables */

#define LOW_BYTES (16 * GIB)
#define BEFORE_PROGRAM (4 * GIB)
#define BEHIND_PROGRAM (1 * TIB)
#define AROUND_MAPPED (2 * TIB)
#define AROUND_STACK (1 * TIB)

#define TAGS_PAGES 5
#define SITES_PAGES 11

static uint64_t reserved;

uint64_t races_shadow_bytes(void) { return reserved; }

struct stretch {
    uintptr_t start, end;
};

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
    long got = sys_call(SYS_mmap, (long)stretch.start, (long)size, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    bool done = got == (long)stretch.start;
    /* After mlockall(MCL_FUTURE) all of it would be made present when it becomes accessible. */
    if (done)
        sys_call(SYS_munlock, got, (long)size, 0, 0, 0, 0);
    done = done && sys_call(SYS_mprotect, got, (long)size, PROT_READ | PROT_WRITE, 0, 0, 0) == 0;
    if (!done) {
        if (got > 0) /* refused, or a kernel that does not know MAP_FIXED_NOREPLACE */
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

/* --- mlockall ------------------------------------------------------------------------------------------------------------------ */

static struct stretch held[2 * RACE_RANGES]; /* of shadow memory */
static uint32_t held_count;

static bool is_shadow(uintptr_t address)
{
    for (uint32_t i = 0; i < load_acquire(&held_count); i++) /* pairs with hold() */
        if (address >= held[i].start && address < held[i].end)
            return true;
    return false;
}

struct locking {
    long how, error;
};

static bool lock_mapping(void *ctx, const struct maps_entry *entry)
{
    struct locking *locking = ctx;
    if (entry->protection == PROT_NONE || entry->end > TOP || is_shadow(entry->start))
        return true;
    long result = sys_call(SYS_mlock2, (long)entry->start, (long)(entry->end - entry->start), locking->how, 0, 0, 0);
    if (result < 0 && sys_can_read(entry->start)) /* else it has gone meanwhile */
        locking->error = result;
    return locking->error == 0;
}

/* In the kernel's way, each mapping for itself. */
static long lock_others(int flags)
{
    struct locking locking = {flags & MCL_ONFAULT ? 1 /* MLOCK_ONFAULT */ : 0, 0};
    char path[1];
    maps_each(path, sizeof(path), lock_mapping, &locking);
    if (locking.error)
        sys_call(SYS_munlockall, 0, 0, 0, 0, 0, 0);
    return locking.error;
}

long races_mlockall(int flags)
{
    int future = flags & ~MCL_CURRENT;
    if (held_count == 0 || !(flags & MCL_CURRENT) || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)))
        return sys_call(SYS_mlockall, flags, 0, 0, 0, 0, 0);
    long result = flags & MCL_FUTURE ? sys_call(SYS_mlockall, future, 0, 0, 0, 0, 0) : 0;
    return result < 0 ? result : lock_others(flags);
}

/* --- ranges ------------------------------------------------------------------------------------------------------------------------ */

/* Swapped-out pages count as there only while the system keeps them: what is lost is what nobody has used for long. */
static void resident(void *start, size_t pages, uint8_t *which)
{
    if (sys_call(SYS_mincore, (long)start, (long)(pages * PAGE), (long)which, 0, 0, 0) != 0)
        for (size_t i = 0; i < pages; i++)
            which[i] = 1;
}

static void discard(void *start, size_t size)
{
    sys_call(SYS_madvise, (long)start, (long)size, MADV_DONTNEED, 0, 0, 0);
}

struct visitor {
    void (*visit)(void *ctx, uintptr_t start, uintptr_t end);
    void *ctx;
};

static bool visit_mapping(void *ctx, const struct maps_entry *entry)
{
    const struct visitor *visitor = ctx;
    if (entry->protection & (PROT_READ | PROT_WRITE))
        visitor->visit(visitor->ctx, entry->start, entry->end);
    return true;
}

static void each_mapping(void (*visit)(void *ctx, uintptr_t start, uintptr_t end), void *ctx)
{
    char path[1];
    struct visitor visitor = {visit, ctx};
    maps_each(path, sizeof(path), visit_mapping, &visitor);
}

/* --- the stretches --------------------------------------------------------------------------------------------------------------- */

static uintptr_t page_of(uintptr_t address) { return address & ~(PAGE - 1); }

static struct stretch around(uintptr_t address, uintptr_t below, uintptr_t above)
{
    uintptr_t start = address > below + LOW_BYTES ? address - below : LOW_BYTES;
    return (struct stretch){start, TOP - address > above ? address + above : TOP};
}

/* The part of it in which the bit is the same as at `address`: there the distance is constant. */
static struct stretch clip(struct stretch stretch, uintptr_t address, unsigned bit)
{
    uintptr_t start = address >> bit << bit, end = start + ((uintptr_t)1 << bit);
    return (struct stretch){stretch.start > start ? stretch.start : start, stretch.end < end ? stretch.end : end};
}

static intptr_t distance(struct stretch stretch, unsigned bit)
{
    intptr_t flipped = (intptr_t)1 << bit;
    return (stretch.start >> bit & 1 ? -flipped : flipped) + TAGS_PAGES * (intptr_t)PAGE;
}

/* Below it the kernel maps what may lie anywhere, or above it, if stacks are unlimited. */
static uintptr_t linker_address(void)
{
    uintptr_t address = getauxval(AT_BASE);
    return page_of(address ? address : (uintptr_t)&reserved);
}

static const struct race_range *range_of(const struct race_shadow *shadow, uintptr_t address)
{
    for (uint32_t i = 0; i < shadow->range_count; i++)
        if (address >= shadow->ranges[i].start && address < shadow->ranges[i].end)
            return &shadow->ranges[i];
    return NULL;
}

/* What of it around the address is in no range. */
static struct stretch trim(const struct race_shadow *shadow, struct stretch stretch, uintptr_t address)
{
    for (uint32_t i = 0; i < shadow->range_count; i++) {
        const struct race_range *range = &shadow->ranges[i];
        if (range->start > address && range->start < stretch.end)
            stretch.end = range->start;
        if (range->end <= address && range->end > stretch.start)
            stretch.start = range->end;
    }
    return stretch;
}

/* Around the address, as far as no stretch that is there already has it; of one that has the address itself, what is below: the
 * kernel goes on there. */
static bool add_around(struct race_shadow *shadow, uintptr_t address, uintptr_t below, uintptr_t above, unsigned bit,
                       intptr_t to_sites)
{
    struct stretch stretch = around(address, below, above);
    for (const struct race_range *range; address >= LOW_BYTES && (range = range_of(shadow, address));) {
        stretch.end = range->start;
        address = range->start - PAGE;
    }
    stretch = trim(shadow, clip(stretch, address, bit), address);
    if (address < LOW_BYTES || stretch.start >= stretch.end)
        return true;
    intptr_t tags = distance(stretch, bit);
    return add_range(shadow, stretch, tags, tags + to_sites);
}

static bool reserve(struct race_shadow *shadow, unsigned bit, intptr_t to_sites)
{
    if (!add_around(shadow, TOP - PAGE, AROUND_STACK, PAGE, bit, to_sites) ||
        !add_around(shadow, linker_address(), AROUND_MAPPED, AROUND_MAPPED, bit, to_sites) ||
        !add_around(shadow, page_of(getauxval(AT_ENTRY)), BEFORE_PROGRAM, BEHIND_PROGRAM, bit, to_sites)) {
        drop_ranges(shadow);
        return false;
    }
    struct stretch low = {0, LOW_BYTES};
    intptr_t tags = distance(low, bit);
    add_range(shadow, low, tags, tags + to_sites);
    return true;
}

static void hold(const struct race_range *range)
{
    struct stretch stretch = {range->start, range->end};
    held[held_count] = moved(stretch, range->tags);
    held[held_count + 1] = moved(stretch, range->sites);
    store_release(&held_count, held_count + 2);
}

static const int8_t to_sites[] = {-8, 8, -4, 4, -12, 12, -6, 6}; /* in TiB, from tags */

static intptr_t sites_distance(size_t k) { return to_sites[k] * (intptr_t)TIB + SITES_PAGES * (intptr_t)PAGE; }

bool races_shadow_reserve(struct race_shadow *shadow, struct tr_check *check)
{
    static const uint8_t bits[] = {44, 45, 43, 46};
    *shadow = (struct race_shadow){.discard = discard, .each_mapping = each_mapping, .resident = resident};
    for (size_t i = 0; i < ARRAY_LEN(bits); i++) {
        for (size_t k = 0; k < ARRAY_LEN(to_sites); k++) {
            if (reserve(shadow, bits[i], sites_distance(k))) {
                for (uint32_t r = 0; r < shadow->range_count; r++)
                    hold(&shadow->ranges[r]);
                *check = (struct tr_check){.flip_bit = bits[i], .offset = TAGS_PAGES * (int32_t)PAGE};
                return true;
            }
        }
    }
    return false;
}

const struct race_range *races_shadow_extend(struct race_shadow *shadow, const struct tr_check *check, uintptr_t address)
{
    uintptr_t start = address & -RACES_EXTENSION, end = start + RACES_EXTENSION;
    if (shadow->range_count == RACE_RANGES || address >= TOP || range_of(shadow, address) || is_shadow(address))
        return NULL;
    struct stretch stretch = trim(shadow, (struct stretch){start, end < TOP ? end : TOP}, address);
    intptr_t tags = distance(stretch, check->flip_bit);
    for (size_t k = 0; k < ARRAY_LEN(to_sites); k++)
        if (add_range(shadow, stretch, tags, tags + sites_distance(k))) {
            hold(&shadow->ranges[shadow->range_count - 1]);
            return &shadow->ranges[shadow->range_count - 1];
        }
    return NULL;
}
