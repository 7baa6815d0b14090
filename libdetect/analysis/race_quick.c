/* SPDX-License-Identifier: MIT */
/* The frequent cases of plain accesses, for translated code, which calls this between its inline test and race_access().
 * Hard rules: as in race.c; besides, no string instructions: the direction flag is the program's. Nothing is called but what
 * waits for a granule. */
#include "analysis/race.h"

#include "analysis/evidence.h"
#include "analysis/race_enter.h"

#define NOT_QUICK (RACE_ATOMIC | RACE_RUNTIME | RACE_ENDS | RACE_SPIN)

/* What the last load got is known without more ado. */
static ALWAYS_INLINE bool settle(struct detector *det, struct thread *thread)
{
    struct granule granule;
    if (!shadow_find_direct(&det->races->shadow, thread->race.pending, &granule))
        return false;
    uint64_t tags = load_acquire(granule.tags), sites = load_relaxed(granule.sites);
    uint32_t low = word_at(tags, LOW), high = word_at(tags, HIGH);
    if (shadow_is_busy(tags) || sites & SITES_IN_CELLS ||
        (low && word_writes(low, LOW) && !hb_knows(det, thread, low & RACE_TAG_MASK)) ||
        (high && word_writes(high, HIGH) && !hb_knows(det, thread, high & RACE_TAG_MASK)))
        return false;
    thread->race.pending = 0;
    return true;
}

static ALWAYS_INLINE bool knows(const struct race_access *access, uint32_t tag)
{
    return !tag || hb_knows(access->det, access->thread, tag);
}

/* The granule is the thread's. False: nothing has changed. */
static ALWAYS_INLINE bool enter(struct race_access *access, struct granule *granule, uint64_t *tags, bool writes)
{
    uint64_t sites = *granule->sites;
    uint32_t low = word_at(*tags, LOW), high = word_at(*tags, HIGH);
    if (sites & SITES_IN_CELLS)
        return false;
    if (access->mask != 0xff || !words_are_whole(*tags, sites))
        return race_enter(access, granule, tags, writes, false);
    if (!knows(access, low) || !knows(access, high))
        return false;
    *granule->sites = writes ? word_sites(access->site, 0xff, 0, 0)
                             : word_sites(word_site(sites, LOW), word_bytes(sites, LOW), access->site, 0xff);
    *tags = writes ? word_tags(access->tag, 0) : word_tags(low, access->tag);
    return true;
}

static ALWAYS_INLINE bool find_site(struct race_access *access)
{
    struct thread *thread = access->thread;
    if (UNLIKELY(thread->race.locks_version != thread->held.version)) {
        if (thread->held.count > 0)
            return false;
        thread->race.locks = 0;
        thread->race.locks_version = thread->held.version;
    }
    struct site_cache_entry key = race_site_key(access), *entry = race_site_entry(thread->race.local, &key);
    access->site = entry->number;
    return LIKELY(race_site_is(entry, &key) && entry->number);
}

static ALWAYS_INLINE bool step(struct race_access *access, uintptr_t at, bool writes)
{
    struct granule granule;
    if (UNLIKELY(!shadow_find_direct(&access->races->shadow, at, &granule)))
        return false;
    uint64_t tags = load_acquire(granule.tags), sites = load_acquire(granule.sites); /* pairs with shadow_unlock() */
    if (UNLIKELY(shadow_is_busy(tags)))
        return false;
    if (race_is_covered(access, &granule, tags, sites, writes))
        return true;
    if (sites & SITES_IN_CELLS || (!access->site && !find_site(access)))
        return false;
    tags = shadow_lock(&access->races->shadow, &granule, tags);
    bool done = enter(access, &granule, &tags, writes);
    shadow_unlock(&granule, tags);
    if (done && evidence_waits(access->flags) && !access->thread->race.pending)
        race_sync_note(access, at, access->mask);
    return done;
}

bool race_quick(struct detector *det, struct thread *thread, uintptr_t address, uint32_t size, uint32_t flags,
                race_site call, uintptr_t pc)
{
    struct race_access access = {.det = det, .races = det->races, .thread = thread, .flags = flags, .call = call, .pc = pc,
                                 .size = size, .tag = hb_tag(det, thread)};
    uintptr_t offset = address % GRANULE, at = address - offset, end = address + size;
    bool writes = flags & RACE_WRITE;
    if (UNLIKELY(!thread->race.local || !access.tag || flags & NOT_QUICK))
        return false;
    if (thread->race.pending && !settle(det, thread))
        return false;
    hb_used(thread);
    if (LIKELY(offset + size <= GRANULE)) {
        access.mask = race_mask(offset, size);
        return step(&access, at, writes);
    }
    access.mask = race_mask(offset, GRANULE - offset);
    while (step(&access, at, writes)) {
        at += GRANULE;
        if (at >= end)
            return true;
        access.mask = end - at < GRANULE ? race_mask(0, end - at) : 0xff;
    }
    return false;
}
