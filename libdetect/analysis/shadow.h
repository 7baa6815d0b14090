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
/* Whether the address has a direct range, and which. */
const struct race_range *shadow_range(const struct shadow *shadow, uintptr_t address);
/* Waits until the granule is not BUSY; returns its tags then. */
uint64_t shadow_wait(const uint64_t *tags);

static ALWAYS_INLINE bool shadow_find(struct shadow *shadow, uintptr_t address, bool make, struct granule *granule)
{
    for (uint32_t i = 0; i < shadow->layout.range_count; i++) {
        const struct race_range *range = &shadow->layout.ranges[i];
        if (address - range->start < range->end - range->start) {
            granule->tags = (uint64_t *)(address + (uintptr_t)range->tags);
            granule->sites = (uint64_t *)(address + (uintptr_t)range->sites);
            return true;
        }
    }
    return shadow_find_slow(shadow, address, make, granule);
}

/* Takes the granule for this thread; returns its tags. Acquires what shadow_unlock() released. */
static ALWAYS_INLINE uint64_t shadow_lock(struct granule *granule, uint64_t tags)
{
    for (;;) {
        if (UNLIKELY(tags & RACE_BUSY))
            tags = shadow_wait(granule->tags);
        if (LIKELY(compare_exchange_acq_rel(granule->tags, &tags, tags | RACE_BUSY)))
            return tags;
    }
}

static ALWAYS_INLINE void shadow_unlock(struct granule *granule, uint64_t tags)
{
    store_release(granule->tags, tags);
}

#endif
