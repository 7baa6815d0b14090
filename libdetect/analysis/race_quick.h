/* SPDX-License-Identifier: MIT */
/* A quick call's hot path: the first access in its epoch to whole granules that have been accessed as a whole before. To be made
 * part of the function that translated code calls (runtime/races_client.c). Hard rules: as in race_quick.c.
 *
 * What is checked without a granule's lock is still so if the tags are the same when it is taken. `call` is a race_site in 64
 * bits: compilers spill 32 and load them back as 64, which has to wait until the store is in the cache, behind those to shadow memory. */
#ifndef DETECT_ANALYSIS_RACE_QUICK_H
#define DETECT_ANALYSIS_RACE_QUICK_H

#include "analysis/evidence.h"
#include "analysis/race_enter.h"

/* What race_quick() does not do itself. */
bool race_quick_any(struct detector *det, struct thread *thread, uintptr_t address, uint32_t size, uint32_t flags,
                    uint64_t call, uintptr_t pc);
/* The same for up to 8 bytes that lie in one granule, or race_quick_any(). */
bool race_quick_part(struct detector *det, struct thread *thread, uintptr_t address, uint32_t size, uint32_t flags,
                     uint64_t call, uintptr_t pc, uint64_t *memo);
/* False: what the last load got takes more to be known. */
bool race_quick_settle(struct detector *det, struct thread *thread);
/* 0: it is not known. */
uint64_t race_quick_site(struct thread *thread, uint32_t size, uint32_t flags, uint64_t call, uintptr_t pc);

/* An instruction's memo is the site that it had lately, and where that is right:
 *   63    32 31    23 22   0
 *  | call   | locks  | site |        as all threads have the same numbers, they share it */
static ALWAYS_INLINE uint64_t race_quick_memo(struct thread *thread, uint32_t size, uint32_t flags, uint64_t call,
                                              uintptr_t pc, uint64_t *memo)
{
    uint64_t key = call << 32 | thread->race.locks_key, found = load_relaxed(memo);
    const uint64_t site = (1u << WORD_SITE_BITS) - 1;
    if (LIKELY((found & ~site) == key && found & site))
        return found & site;
    found = race_quick_site(thread, size, flags, call, pc);
    if (found && thread->race.locks_key != RACE_LOCKS_NO_KEY)
        store_relaxed(memo, key | found);
    return found;
}

static ALWAYS_INLINE bool race_quick_knows(const struct detector *det, const struct thread *thread, uint32_t own,
                                           uint32_t tag)
{
    return !tag || (own ^ tag) >> RACE_EPOCH_BITS == 0 || hb_knows(det, thread, tag);
}

enum race_quick { RACE_QUICK_DONE, RACE_QUICK_ANY, RACE_QUICK_NOT };

static ALWAYS_INLINE enum race_quick race_quick_whole(struct detector *det, struct thread *thread, uintptr_t at, uint32_t tag,
                                                      bool writes, uint64_t site)
{
    const struct race_near *near = &thread->race.near;
    struct granule granule = {(uint64_t *)(at + (uintptr_t)near->tags), (uint64_t *)(at + (uintptr_t)near->sites)};
    uint64_t tags = load_acquire(granule.tags);
    uint32_t low = word_at(tags, LOW), high = word_at(tags, HIGH);
    if (!writes && (high == tag || low == (tag | RACE_WHOLE_READ)))
        return RACE_QUICK_DONE;
    if (UNLIKELY(tags & ((uint64_t)~RACE_TAG_MASK << 32 | ~RACE_TAG_MASK)))
        return RACE_QUICK_ANY;
    if (UNLIKELY(!race_quick_knows(det, thread, tag, low) || !race_quick_knows(det, thread, tag, high)))
        return RACE_QUICK_NOT;
    if (UNLIKELY(!compare_exchange_acq_rel(granule.tags, &tags, tags >> 32 << 32 | shadow_busy(&det->races->shadow))))
        return RACE_QUICK_NOT;
    uint64_t sites = *granule.sites;
    if (UNLIKELY(sites & SITES_IN_CELLS)) {
        shadow_unlock(&granule, tags);
        return RACE_QUICK_NOT;
    }
    const uint64_t low_part = word_sites((1u << WORD_SITE_BITS) - 1, 0xff, 0, 0);
    *granule.sites = writes ? site | word_sites(0, 0xff, 0, 0)
                            : (sites & low_part) | site << WORD_SITE_BITS | word_sites(0, 0, 0, 0xff);
    shadow_unlock(&granule, writes ? tag : word_tags(low, tag));
    return RACE_QUICK_DONE;
}

/* The tags have been looked at by the inline test; the sites are far from them. */
static ALWAYS_INLINE void race_quick_expect(const struct thread *thread, uintptr_t address)
{
    __builtin_prefetch((const void *)(address + (uintptr_t)thread->race.near.sites));
}

/* A read of up to 8 bytes that was told as the write that follows it: what it gets is known after it. */
static ALWAYS_INLINE void race_quick_note(struct thread *thread, uintptr_t address, uint32_t size, uint32_t flags)
{
    uintptr_t offset = address % GRANULE;
    if (!evidence_waits(flags) || offset + size > GRANULE)
        return;
    thread->race.pending = address - offset;
    thread->race.pending_mask = race_mask(offset, size);
    thread->race.pending_flags = flags;
}

/* See race.h. memo: the instruction's. */
static ALWAYS_INLINE bool race_quick(struct detector *det, struct thread *thread, uintptr_t address, uint32_t size,
                                     uint32_t flags, uint64_t call, uintptr_t pc, uint64_t *memo)
{
    struct race_thread *own = &thread->race;
    uint32_t tag = hb_tag(det, thread);
    if ((address | size) % GRANULE)
        return race_quick_part(det, thread, address, size, flags, call, pc, memo);
    if (UNLIKELY(own->pending) && !race_quick_settle(det, thread)) /* first: it may change `near` */
        return false;
    if (UNLIKELY(address - own->near.start >= own->near.size ||
                 own->locks_version != thread->held.version || !tag))
        return race_quick_any(det, thread, address, size, flags, call, pc);
    uint64_t site = race_quick_memo(thread, size, flags, call, pc, memo);
    if (UNLIKELY(!site))
        return false;
    hb_used(thread);
    for (uint32_t i = 0; i < size; i += GRANULE) {
        enum race_quick done = race_quick_whole(det, thread, address + i, tag, flags & RACE_WRITE, site);
        if (UNLIKELY(done != RACE_QUICK_DONE))
            return done == RACE_QUICK_ANY && (size == GRANULE
                                                  ? race_quick_part(det, thread, address, size, flags, call, pc, memo)
                                                  : race_quick_any(det, thread, address, size, flags, call, pc));
    }
    if (UNLIKELY(evidence_waits(flags))) {
        own->pending = address;
        own->pending_mask = 0xff;
        own->pending_flags = flags;
    }
    return true;
}

#endif
