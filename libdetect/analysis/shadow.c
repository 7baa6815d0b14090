/* SPDX-License-Identifier: MIT */
/* Shadow memory of addresses outside of the direct ranges, and waiting for a granule; see shadow.h. Hard rules: general
 * registers only, nothing of libc. */
#include "analysis/shadow.h"

#include <sys/syscall.h>

#include "base/sys.h"

#define LEAF_BITS 13
#define TOP_BITS (SHADOW_ADDRESS_BITS - SHADOW_CHUNK_BITS - LEAF_BITS)
#define CHUNK_WORDS ((1u << SHADOW_CHUNK_BITS) / GRANULE)
#define SPINS_BEFORE_YIELD 200
#define BATCH_PAGES 512u

struct chunk {
    uint64_t tags[CHUNK_WORDS], sites[CHUNK_WORDS];
};

struct leaf {
    struct chunk *chunks[1u << LEAF_BITS];
};

struct shadow_table {
    struct leaf *leaves[1u << TOP_BITS];
};

const struct race_range *shadow_range(const struct shadow *shadow, uintptr_t address)
{
    for (uint32_t i = 0; i < load_acquire(&shadow->layout.range_count); i++) { /* pairs with shadow_add_range() */
        const struct race_range *range = &shadow->layout.ranges[i];
        if (address >= range->start && address < range->end)
            return range;
    }
    return NULL;
}

/* What *slot points to; made if it is wanted. Whoever is second gives his own back. */
static void *part(struct shadow *shadow, void *slot_of, size_t bytes, bool make)
{
    void **slot = slot_of, *found = load_acquire(slot), *expected = NULL; /* pairs with the exchange below */
    if (found || !make)
        return found;
    void *made = arena_alloc(shadow->arena, bytes);
    if (!made) {
        (void)fetch_add_relaxed(&shadow->lost, 1);
        return NULL;
    }
    if (compare_exchange_acq_rel(slot, &expected, made))
        return made;
    arena_free(shadow->arena, made, bytes);
    return expected;
}

bool shadow_find_slow(struct shadow *shadow, uintptr_t address, bool make, struct granule *granule)
{
    if (address >> SHADOW_ADDRESS_BITS)
        return false; /* the kernel's */
    struct shadow_table *table = part(shadow, &shadow->table, sizeof(*table), make);
    if (!table)
        return false;
    struct leaf *leaf =
        part(shadow, &table->leaves[address >> (SHADOW_CHUNK_BITS + LEAF_BITS)], sizeof(*leaf), make);
    if (!leaf)
        return false;
    uintptr_t number = address >> SHADOW_CHUNK_BITS & ((1u << LEAF_BITS) - 1);
    struct chunk *chunk = part(shadow, &leaf->chunks[number], sizeof(*chunk), make);
    if (!chunk)
        return false;
    uintptr_t word = (address & ((1u << SHADOW_CHUNK_BITS) - 1)) / GRANULE;
    *granule = (struct granule){&chunk->tags[word], &chunk->sites[word]};
    return true;
}

static void each_in_leaf(struct leaf *leaf, uintptr_t first, void (*visit)(void *ctx, uintptr_t start, uintptr_t end), void *ctx)
{
    for (uintptr_t i = 0; leaf && i < 1u << LEAF_BITS; i++) {
        uintptr_t start = first + (i << SHADOW_CHUNK_BITS);
        if (load_acquire(&leaf->chunks[i]))
            visit(ctx, start, start + (1u << SHADOW_CHUNK_BITS));
    }
}

void shadow_each_chunk(struct shadow *shadow, void (*visit)(void *ctx, uintptr_t start, uintptr_t end), void *ctx)
{
    struct shadow_table *table = load_acquire(&shadow->table);
    for (uintptr_t i = 0; table && i < 1u << TOP_BITS; i++)
        each_in_leaf(load_acquire(&table->leaves[i]), i << (LEAF_BITS + SHADOW_CHUNK_BITS), visit, ctx);
}

struct overlap {
    const struct race_range *range;
    bool found;
};

static void look_for_overlap(void *ctx, uintptr_t start, uintptr_t end)
{
    struct overlap *overlap = ctx;
    overlap->found |= start < overlap->range->end && overlap->range->start < end;
}

bool shadow_add_range(struct shadow *shadow, const struct race_range *range)
{
    struct overlap overlap = {range, shadow->layout.range_count >= RACE_RANGES};
    shadow_each_chunk(shadow, look_for_overlap, &overlap);
    if (overlap.found)
        return false;
    shadow->layout.ranges[shadow->layout.range_count] = *range;
    store_release(&shadow->layout.range_count, shadow->layout.range_count + 1);
    return true;
}

void shadow_each_resident(const struct shadow *shadow, const struct race_range *range, uintptr_t start, uintptr_t end,
                          void (*visit)(void *ctx, uintptr_t start, uintptr_t end), void *ctx)
{
    uint8_t resident[BATCH_PAGES];
    for (uintptr_t next; start < end; start = next) {
        size_t pages = (end - start) / SHADOW_PAGE < BATCH_PAGES ? (end - start) / SHADOW_PAGE : BATCH_PAGES;
        next = start + pages * SHADOW_PAGE;
        shadow->layout.resident((void *)(start + (uintptr_t)range->tags), pages, resident);
        for (size_t i = 0; i < pages; i++)
            if (resident[i] & 1)
                visit(ctx, start + i * SHADOW_PAGE, start + (i + 1) * SHADOW_PAGE);
    }
}

uintptr_t shadow_piece_end(const struct shadow *shadow, uintptr_t address, uintptr_t end)
{
    const struct race_range *range = shadow_range(shadow, address);
    uintptr_t piece = range ? range->end : (address | ((1u << SHADOW_CHUNK_BITS) - 1)) + 1;
    for (uint32_t i = 0; i < load_acquire(&shadow->layout.range_count) && !range; i++) {
        uintptr_t start = shadow->layout.ranges[i].start;
        if (start > address && start < piece)
            piece = start;
    }
    return piece < end ? piece : end;
}

/* Its owner was not copied by a fork: what it was doing there is lost. */
static bool take_over(const struct shadow *shadow, struct granule *granule, uint64_t tags)
{
    if (!compare_exchange_acq_rel(granule->tags, &tags, shadow_busy(shadow)))
        return false;
    *granule->sites = 0;
    return true;
}

uint64_t shadow_lock_busy(const struct shadow *shadow, struct granule *granule)
{
    for (uint32_t spins = 0;; spins++) {
        uint64_t tags = load_relaxed(granule->tags);
        if (!shadow_is_busy(tags)) {
            if (compare_exchange_acq_rel(granule->tags, &tags, (tags >> 32) << 32 | shadow_busy(shadow)))
                return tags;
        } else if ((uint32_t)tags != shadow_busy(shadow) && take_over(shadow, granule, tags)) {
            return 0;
        }
        if (spins < SPINS_BEFORE_YIELD)
            cpu_relax();
        else
            (void)sys_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    }
}
