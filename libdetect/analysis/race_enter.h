/* SPDX-License-Identifier: MIT */
/* An access that races with nothing is entered into a granule's words. For race.c and race_quick.c.
 *
 * Which earlier accesses a later one makes superfluous is what race_cells.c says of plain ones: a write all that it knows of,
 * a read the reads that it knows of. What everybody knows is superfluous anyway. */
#ifndef DETECT_ANALYSIS_RACE_ENTER_H
#define DETECT_ANALYSIS_RACE_ENTER_H

#include "analysis/race_state.h"

/* --- sites as they were last asked for ------------------------------------------------------------------------------- */

#define SITE_KEY_SIZE_BITS 12
_Static_assert(SITE_LOCKS_BITS + SITE_KEY_SIZE_BITS <= 32 && RACE_FLAG_BITS <= 64 - SHADOW_ADDRESS_BITS, "keys have room");

/* False: it is not kept, since it is of a large range. */
static ALWAYS_INLINE bool race_site_key(const struct race_access *access, struct site_cache_entry *key)
{
    uint64_t locks_size = access->thread->race.locks | access->size << SITE_LOCKS_BITS;
    key->pc_flags = access->pc | (uint64_t)access->flags << SHADOW_ADDRESS_BITS;
    key->call_locks_size = locks_size << 32 | access->call;
    return LIKELY(access->size < 1u << SITE_KEY_SIZE_BITS);
}

/* For what is in memos (race_quick.h): no number of locks is as large. */
#define RACE_LOCKS_NO_KEY UINT64_MAX
#define RACE_LOCKS_KEYS 256u

/* The set of locks held now has that number. */
static inline void race_know_locks(struct thread *thread, uint32_t locks)
{
    thread->race.locks = locks;
    thread->race.locks_key = locks < RACE_LOCKS_KEYS ? (uint64_t)locks << WORD_SITE_BITS : RACE_LOCKS_NO_KEY;
    thread->race.locks_version = thread->held.version;
}

/* Where it is kept, if it is. */
static ALWAYS_INLINE struct site_cache_entry *race_site_entry(struct race_local *local, const struct site_cache_entry *key)
{
    uint64_t hash = (key->pc_flags ^ key->call_locks_size << 7) * 0x9e3779b97f4a7c15u;
    return &local->sites[hash >> (64 - RACE_SITE_CACHE_BITS)];
}

static ALWAYS_INLINE bool race_site_is(const struct site_cache_entry *entry, const struct site_cache_entry *key)
{
    return entry->pc_flags == key->pc_flags && entry->call_locks_size == key->call_locks_size;
}

static ALWAYS_INLINE struct pair_cache_entry *race_pair_entry(struct race_local *local, race_site a, uint8_t mask, race_site b)
{
    return &local->pairs[((a * 31 + b) * 257 + mask) * 0x9e3779b1u >> (32 - RACE_PAIR_BITS)];
}

static ALWAYS_INLINE bool race_pair_is(const struct pair_cache_entry *entry, race_site a, uint8_t mask, race_site b)
{
    return entry->a == a && entry->b == b && entry->mask == mask;
}

static ALWAYS_INLINE struct call_cache_entry *race_call_entry(struct race_local *local, race_site parent, uintptr_t return_pc)
{
    return &local->calls[(return_pc ^ parent) * 0x9e3779b97f4a7c15u >> (64 - RACE_CALL_CACHE_BITS)];
}

/* --- what is known ------------------------------------------------------------------------------------------------------ */

/* Cells with the thread's tag are made and taken away by others under the lock; while the record is the granule's they
 * are of this granule. */
static ALWAYS_INLINE bool race_is_covered_in_cells(const struct race_access *access, const struct granule *granule,
                                                   uint64_t sites, bool writes)
{
    const struct race_cells *record = race_cells_of(access->races, words_head(sites));
    uint8_t covered = 0;
    for (unsigned i = 0; i < CELLS_PER_RECORD; i++) {
        const struct race_cell *cell = &record->cells[i];
        uint8_t kind = (uint8_t)(load_relaxed(&cell->what) >> CELL_SITE_BITS);
        if (load_relaxed(&cell->tag) == access->tag && (kind == CELL_WRITE || (kind == CELL_READ && !writes)))
            covered |= load_relaxed(&record->masks[i]);
    }
    return !(access->mask & ~covered) && !load_acquire(&record->has_variable) && load_acquire(granule->sites) == sites;
}

/* Without the granule's lock: whether the thread has done this already, though translated code cannot tell, because it is
 * about few bytes. While the tags stay the same, so does what the sites say of this thread's own. */
static ALWAYS_INLINE bool race_is_covered(const struct race_access *access, const struct granule *granule, uint64_t tags,
                                          uint64_t sites, bool writes)
{
    uint8_t covered = 0;
    if (UNLIKELY(sites & SITES_IN_CELLS))
        return race_is_covered_in_cells(access, granule, sites, writes);
    for (unsigned place = LOW; place <= HIGH; place++) {
        struct part part = words_part(tags, sites, place);
        if (part.tag == access->tag && (part.writes || !writes))
            covered |= part.mask;
    }
    return !(access->mask & ~covered) && load_relaxed(granule->tags) == tags;
}

/* Also without it: whether nothing is written there that the thread does not know. */
static inline bool race_is_settled(const struct detector *det, const struct thread *thread, const struct granule *granule)
{
    uint64_t tags = load_acquire(granule->tags), sites = load_acquire(granule->sites);
    uint32_t low = word_at(tags, LOW), high = word_at(tags, HIGH);
    if (shadow_is_busy(tags))
        return false;
    if (!(sites & SITES_IN_CELLS))
        return !(low && word_writes(low, LOW) && !hb_knows(det, thread, low & RACE_TAG_MASK)) &&
               !(high && word_writes(high, HIGH) && !hb_knows(det, thread, high & RACE_TAG_MASK));
    const struct race_cells *record = race_cells_of(det->races, words_head(sites));
    for (unsigned i = 0; i < CELLS_PER_RECORD; i++) {
        uint8_t kind = (uint8_t)(load_relaxed(&record->cells[i].what) >> CELL_SITE_BITS);
        if (load_relaxed(&record->masks[i]) && kind & CELL_WRITE &&
            !hb_knows(det, thread, load_relaxed(&record->cells[i].tag) & RACE_TAG_MASK))
            return false;
    }
    return !load_relaxed(&record->next) && !load_acquire(&record->has_variable) && load_acquire(granule->sites) == sites;
}

/* --- words -------------------------------------------------------------------------------------------------------------- */

/* What a part that has bytes in common means for the access. Returns false: they race. */
static ALWAYS_INLINE bool meet_part(const struct race_access *access, struct part *part, uint8_t *left, bool writes)
{
    uint8_t common = part->mask & access->mask;
    if (part->mask && hb_all_know(access->det, part->tag)) {
        part->mask = 0;
        return true;
    }
    if (!common)
        return true;
    if (part->tag == access->tag && (part->writes || !writes) && !(access->flags & RACE_ENDS)) {
        *left &= (uint8_t)~common;
        return true;
    }
    bool known = hb_knows(access->det, access->thread, part->tag);
    if (!known && (part->writes || writes))
        return false;
    if (known && (writes || !part->writes))
        part->mask &= (uint8_t)~common;
    return true;
}

/* The part takes the bytes in `left`; a pair of sites must be known or be made by `pair`. False: it cannot. */
static ALWAYS_INLINE bool join_part(struct race_access *access, struct part *part, uint8_t left, bool writes, bool make_pair)
{
    race_site site = access->site;
    if (part->mask && (part->tag != access->tag || part->writes != writes))
        return false;
    if (part->mask && part->site != site) {
        struct pair_cache_entry *entry = race_pair_entry(access->thread->race.local, site, left, part->site);
        if (make_pair)
            site = race_pair_find(access->races, access->thread->race.local, site, left, part->site);
        else if (race_pair_is(entry, site, left, part->site))
            site = entry->number;
        else
            return false;
    }
    *part = (struct part){access->tag, site, part->mask | left, writes};
    return true;
}

/* The granule is the thread's, and has no record; the access's site is known. False: it races with something, or there is no
 * room in two words; nothing has changed. */
static ALWAYS_INLINE bool race_enter(struct race_access *access, struct granule *granule, uint64_t *tags, bool writes,
                                     bool make_pair)
{
    struct part low = words_part(*tags, *granule->sites, LOW), high = words_part(*tags, *granule->sites, HIGH);
    uint8_t left = access->mask;
    if (!meet_part(access, &low, &left, writes) || !meet_part(access, &high, &left, writes))
        return false;
    if (!left)
        return true;
    bool low_is_same = low.mask && low.tag == access->tag && low.writes == writes;
    bool high_is_same = high.mask && high.tag == access->tag && high.writes == writes;
    if (low_is_same || (!low.mask && !high_is_same)) {
        if (!join_part(access, &low, left, writes, make_pair))
            return false;
        *tags = words_of_parts(&low, &high, granule->sites);
        return true;
    }
    if (!join_part(access, &high, left, writes, make_pair))
        return false;
    *tags = words_of_parts(&high, &low, granule->sites);
    return true;
}

#endif
