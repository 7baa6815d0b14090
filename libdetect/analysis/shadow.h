/* SPDX-License-Identifier: MIT */
/* Where the shadow words of an address are, and the lock of a granule; see race.h for what the words say. */
#ifndef DETECT_ANALYSIS_SHADOW_H
#define DETECT_ANALYSIS_SHADOW_H

#include "analysis/race.h"
#include "base/atomic.h"

#define GRANULE 8u
#define SHADOW_ADDRESS_BITS 47
#define SHADOW_CHUNK_BITS 20 /* of program memory, for addresses outside of the direct ranges */

struct shadow {
    struct race_shadow layout;
    struct arena *arena;
    struct shadow_table *table; /* made when the first such address is met */
    uint32_t generation;        /* how many forks led to this process: what is BUSY since before is nobody's */
    uint64_t lost;              /* accesses that found no memory for their shadow */
};

/* The two words of a granule. */
struct granule {
    uint64_t *tags, *sites;
};

/* An address outside of the direct ranges; `make`: its chunk is made if there is none yet. False: none. */
bool shadow_find_slow(struct shadow *shadow, uintptr_t address, bool make, struct granule *granule);
/* The end of the part of [address, end) whose words are in one piece. */
uintptr_t shadow_piece_end(const struct shadow *shadow, uintptr_t address, uintptr_t end);
/* The program's memory whose words are in the table. */
void shadow_each_chunk(struct shadow *shadow, void (*visit)(void *ctx, uintptr_t start, uintptr_t end), void *ctx);
/* The pages in [start, end) of a direct range whose tags are there (race_shadow.resident, which must be known). Both page-aligned. */
#define SHADOW_PAGE 4096u
void shadow_each_resident(const struct shadow *shadow, const struct race_range *range, uintptr_t start, uintptr_t end,
                          void (*visit)(void *ctx, uintptr_t start, uintptr_t end), void *ctx);
/* See race_add_range(). */
bool shadow_add_range(struct shadow *shadow, const struct race_range *range);
/* Whether the address has a direct range, and which. */
const struct race_range *shadow_range(const struct shadow *shadow, uintptr_t address);
/* The granule is BUSY: waits, and takes it. Returns its tags. */
uint64_t shadow_lock_busy(const struct shadow *shadow, struct granule *granule);

static ALWAYS_INLINE bool shadow_find_direct(const struct shadow *shadow, uintptr_t address, struct granule *granule)
{
    for (uint32_t i = 0; i < load_acquire(&shadow->layout.range_count); i++) { /* pairs with shadow_add_range() */
        const struct race_range *range = &shadow->layout.ranges[i];
        if (address - range->start < range->end - range->start) {
            granule->tags = (uint64_t *)(address + (uintptr_t)range->tags);
            granule->sites = (uint64_t *)(address + (uintptr_t)range->sites);
            return true;
        }
    }
    return false;
}

static ALWAYS_INLINE bool shadow_find(struct shadow *shadow, uintptr_t address, bool make, struct granule *granule)
{
    return LIKELY(shadow_find_direct(shadow, address, granule)) || shadow_find_slow(shadow, address, make, granule);
}

/* What stands in W of a granule that is taken. */
static inline uint32_t shadow_busy(const struct shadow *shadow)
{
    return RACE_BUSY | (shadow->generation & ~RACE_BUSY);
}

static inline bool shadow_is_busy(uint64_t tags) { return (uint32_t)tags >= RACE_BUSY; }

/* Takes the granule, whose tags were `tags` lately, for this thread; returns its tags. Acquires what shadow_unlock()
 * released. */
static ALWAYS_INLINE uint64_t shadow_lock(const struct shadow *shadow, struct granule *granule, uint64_t tags)
{
    while (LIKELY(!shadow_is_busy(tags)))
        if (LIKELY(compare_exchange_acq_rel(granule->tags, &tags, (tags >> 32) << 32 | shadow_busy(shadow))))
            return tags;
    return shadow_lock_busy(shadow, granule);
}

static ALWAYS_INLINE void shadow_unlock(struct granule *granule, uint64_t tags)
{
    store_release(granule->tags, tags);
}

#endif
