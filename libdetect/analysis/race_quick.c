/* SPDX-License-Identifier: MIT */
/* The frequent cases of plain accesses, for translated code, which calls this between its inline test and race_access().
 * Hard rules: as in race.c; besides, no string instructions: the direction flag is the program's. Nothing is called but what
 * waits for a granule. The most frequent ones of all are in race_quick.h. */
#include "analysis/race_quick.h"

#define WIDEST 64u /* what begins in `near` ends in it */

/* --- what it takes ---------------------------------------------------------------------------------------------------- */

static NOINLINE bool find_elsewhere(struct race_access *access, uintptr_t at, struct granule *granule)
{
    const struct race_range *range = shadow_range(&access->races->shadow, at);
    if (!range)
        return false;
    access->thread->race.near =
        (struct race_near){range->start, range->end - range->start - WIDEST, range->tags, range->sites};
    *granule = (struct granule){(uint64_t *)(at + (uintptr_t)range->tags), (uint64_t *)(at + (uintptr_t)range->sites)};
    return true;
}

static ALWAYS_INLINE bool find(struct race_access *access, uintptr_t at, struct granule *granule)
{
    const struct race_near *near = &access->thread->race.near;
    if (UNLIKELY(at - near->start >= near->size))
        return find_elsewhere(access, at, granule);
    *granule = (struct granule){(uint64_t *)(at + (uintptr_t)near->tags), (uint64_t *)(at + (uintptr_t)near->sites)};
    return true;
}

/* What the last load got is known without more ado. */
static bool settle(struct race_access *access)
{
    struct granule granule;
    struct thread *thread = access->thread;
    if (!find(access, thread->race.pending, &granule))
        return false;
    if (!race_is_settled(access->det, thread, &granule))
        return false;
    thread->race.pending = 0;
    return true;
}

static ALWAYS_INLINE bool find_site(struct race_access *access)
{
    struct thread *thread = access->thread;
    struct site_cache_entry key, *entry;
    if (UNLIKELY(thread->race.locks_version != thread->held.version)) {
        if (thread->held.count > 0)
            return false;
        race_know_locks(thread, 0);
    }
    (void)race_site_key(access, &key);
    entry = race_site_entry(thread->race.local, &key);
    access->site = entry->number;
    return LIKELY(race_site_is(entry, &key));
}

static ALWAYS_INLINE void note(struct race_access *access, uintptr_t at)
{
    if (evidence_waits(access->flags) && !access->thread->race.pending)
        race_sync_note(access, at, access->mask);
}

race_site race_call_known(const struct thread *thread, race_site parent, uintptr_t return_pc)
{
    const struct call_cache_entry *entry = race_call_entry(thread->race.local, parent, return_pc);
    return entry->return_pc == return_pc && entry->parent == parent ? entry->node : RACE_SITE_NONE;
}

/* --- one granule ------------------------------------------------------------------------------------------------------- */

/* Whatever its words say. */
static NOINLINE bool step_any(struct race_access *access, uintptr_t at, bool writes)
{
    struct granule granule;
    if (UNLIKELY(!find(access, at, &granule)))
        return false;
    uint64_t tags = load_acquire(granule.tags), sites = load_acquire(granule.sites); /* pairs with shadow_unlock() */
    if (UNLIKELY(shadow_is_busy(tags)))
        return false;
    if (race_is_covered(access, &granule, tags, sites, writes))
        return true;
    if (sites & SITES_IN_CELLS || !find_site(access))
        return false;
    tags = shadow_lock(&access->races->shadow, &granule, tags);
    bool done = !(*granule.sites & SITES_IN_CELLS) && race_enter(access, &granule, &tags, writes, false);
    shadow_unlock(&granule, tags);
    if (done)
        note(access, at);
    return done;
}

/* --- accesses ------------------------------------------------------------------------------------------------------------ */

static ALWAYS_INLINE bool begin(struct race_access *access, struct detector *det, struct thread *thread, uint32_t size,
                                uint32_t flags, race_site call, uintptr_t pc)
{
    access->det = det;
    access->races = det->races;
    access->thread = thread;
    access->flags = flags;
    access->call = call;
    access->pc = pc;
    access->size = size;
    access->tag = hb_tag(det, thread);
    return LIKELY(thread->race.local && access->tag) && (!thread->race.pending || settle(access));
}

bool race_quick_settle(struct detector *det, struct thread *thread)
{
    struct race_access access = {.det = det, .races = det->races, .thread = thread};
    return settle(&access);
}

uint64_t race_quick_site(struct thread *thread, uint32_t size, uint32_t flags, uint64_t call, uintptr_t pc)
{
    struct race_access access = {.thread = thread, .flags = flags, .call = (race_site)call, .pc = pc, .size = size};
    return find_site(&access) ? access.site : 0;
}

bool race_quick_any(struct detector *det, struct thread *thread, uintptr_t address, uint32_t size, uint32_t flags,
                    uint64_t call, uintptr_t pc)
{
    struct race_access access;
    uintptr_t offset = address % GRANULE, end = address + size;
    if (!begin(&access, det, thread, size, flags, (race_site)call, pc))
        return false;
    hb_used(thread);
    for (uintptr_t at = address - offset; at < end; at += GRANULE, offset = 0) {
        access.mask = race_mask(offset, (end - at < GRANULE ? end - at : GRANULE) - offset);
        if (!step_any(&access, at, flags & RACE_WRITE))
            return false;
    }
    return true;
}

/* --- part of a granule --------------------------------------------------------------------------------------------------- */

/* What stays of a part when the bytes in `mask` are accessed. False: they race. */
static ALWAYS_INLINE bool leave(const struct detector *det, const struct thread *thread, uint32_t tag, struct part *part,
                                uint8_t mask, bool writes)
{
    if (!(part->mask & mask))
        return true;
    bool known = race_quick_knows(det, thread, tag, part->tag);
    if (!known && (part->writes || writes))
        return false;
    if (known && (writes || !part->writes))
        part->mask &= (uint8_t)~mask;
    return true;
}

static ALWAYS_INLINE void leave_known(const struct detector *det, struct part *part)
{
    if (hb_all_know(det, part->tag))
        part->mask = 0;
}

/* Adds the bytes in `left` to a part of this thread's, or makes it. False: the pair of sites is not known. */
static ALWAYS_INLINE bool add(struct thread *thread, struct part *part, uint32_t tag, uint8_t left, bool writes, race_site site)
{
    if (part->mask && part->site != site) {
        const struct pair_cache_entry *entry = race_pair_entry(thread->race.local, site, left, part->site);
        if (!race_pair_is(entry, site, left, part->site))
            return false;
        site = entry->number;
    }
    *part = (struct part){tag, site, part->mask | left, writes};
    return true;
}

static ALWAYS_INLINE bool is_own(const struct part *part, uint32_t tag) { return part->mask && part->tag == tag; }

/* race_enter() with what it takes in registers. Returns false where that has to see to it. */
static ALWAYS_INLINE bool enter_part(struct detector *det, struct thread *thread, uint64_t *tags,
                                     uint64_t *sites, uint32_t tag, uint8_t mask, bool writes, race_site site)
{
    struct part low = words_part(*tags, *sites, LOW), high = words_part(*tags, *sites, HIGH);
    bool low_stands = is_own(&low, tag) && (low.writes || !writes), high_stands = is_own(&high, tag) && (high.writes || !writes);
    uint8_t left = mask & (uint8_t)~((low_stands ? low.mask : 0) | (high_stands ? high.mask : 0));
    if ((!low_stands && !leave(det, thread, tag, &low, mask, writes)) ||
        (!high_stands && !leave(det, thread, tag, &high, mask, writes)))
        return false;
    bool to_low = is_own(&low, tag) && low.writes == writes, to_high = is_own(&high, tag) && high.writes == writes;
    if (!to_low && !to_high && low.mask && high.mask) {
        leave_known(det, &low);
        leave_known(det, &high);
        if (low.mask && high.mask)
            return false;
    }
    if (to_low || (!to_high && !low.mask)) {
        if (!add(thread, &low, tag, left, writes, site))
            return false;
        *tags = words_of_parts(&low, &high, sites);
    } else {
        if (!add(thread, &high, tag, left, writes, site))
            return false;
        *tags = words_of_parts(&high, &low, sites);
    }
    return true;
}

/* Which bytes the thread has accessed so. */
static ALWAYS_INLINE uint8_t covered_at(uint64_t tags, uint64_t sites, uint32_t tag, bool writes, unsigned place)
{
    uint32_t word = word_at(tags, place);
    return (word & RACE_TAG_MASK) == tag && (!writes || word_writes(word, place)) ? word_bytes(sites, place) : 0;
}

static ALWAYS_INLINE bool quick_part(struct detector *det, struct thread *thread, uintptr_t address, uint32_t size,
                                     uint32_t flags, uint64_t call, uintptr_t pc, uint64_t *memo, uint32_t tag, bool writes)
{
    const struct race_near *near = &thread->race.near;
    uintptr_t offset = address % GRANULE, at = address - offset;
    struct granule granule = {(uint64_t *)(at + (uintptr_t)near->tags), (uint64_t *)(at + (uintptr_t)near->sites)};
    uint8_t mask = race_mask(offset, size);
    uint64_t tags = load_acquire(granule.tags), sites = load_acquire(granule.sites); /* pairs with shadow_unlock() */
    if (UNLIKELY(shadow_is_busy(tags)))
        return false;
    if (UNLIKELY(sites & SITES_IN_CELLS))
        return race_quick_any(det, thread, address, size, flags, call, pc);
    uint8_t covered = covered_at(tags, sites, tag, writes, LOW) | covered_at(tags, sites, tag, writes, HIGH);
    if (!(mask & ~covered) && load_relaxed(granule.tags) == tags)
        return true;
    uint64_t site = race_quick_memo(thread, size, flags, call, pc, memo), new_tags = tags, new_sites = sites;
    if (UNLIKELY(!site) || UNLIKELY(!enter_part(det, thread, &new_tags, &new_sites, tag, mask, writes, (race_site)site)))
        return false;
    if (UNLIKELY(!compare_exchange_acq_rel(granule.tags, &tags, tags >> 32 << 32 | shadow_busy(&det->races->shadow))))
        return false;
    if (UNLIKELY(*granule.sites != sites)) {
        shadow_unlock(&granule, tags);
        return false;
    }
    *granule.sites = new_sites;
    shadow_unlock(&granule, new_tags);
    if (UNLIKELY(evidence_waits(flags))) {
        thread->race.pending = at;
        thread->race.pending_mask = mask;
        thread->race.pending_flags = flags;
    }
    return true;
}

bool race_quick_part(struct detector *det, struct thread *thread, uintptr_t address, uint32_t size, uint32_t flags,
                     uint64_t call, uintptr_t pc, uint64_t *memo)
{
    struct race_thread *own = &thread->race;
    uint32_t tag = hb_tag(det, thread);
    if (UNLIKELY(own->pending) && !race_quick_settle(det, thread)) /* first: it may change `near` */
        return false;
    if (UNLIKELY(address & (size - 1) || size > GRANULE || address - own->near.start >= own->near.size ||
                 own->locks_version != thread->held.version || !tag))
        return race_quick_any(det, thread, address, size, flags, call, pc);
    hb_used(thread);
    return flags & RACE_WRITE ? quick_part(det, thread, address, size, flags, call, pc, memo, tag, true)
                              : quick_part(det, thread, address, size, flags, call, pc, memo, tag, false);
}
