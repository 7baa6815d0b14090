/* SPDX-License-Identifier: MIT */
/* An access that races with nothing is entered into a granule's words. For race.c and race_quick.c.
 *
 * Which earlier accesses a later one makes superfluous is what race_cells.c says of plain ones: a write all that it knows of,
 * a read the reads that it knows of. */
#ifndef DETECT_ANALYSIS_RACE_ENTER_H
#define DETECT_ANALYSIS_RACE_ENTER_H

#include "analysis/race_state.h"

/* What a part that has bytes in common means for the access. Returns false: they race. */
static ALWAYS_INLINE bool meet_part(const struct race_access *access, struct part *part, uint8_t *left, bool writes)
{
    uint8_t common = part->mask & access->mask;
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

static ALWAYS_INLINE bool join_part(struct race_access *access, struct part *part, uint8_t left, bool writes)
{
    if (part->mask && (part->tag != access->tag || part->writes != writes))
        return false;
    race_site site = race_access_site(access);
    if (part->mask && part->site != site)
        site = race_pair_find(access->races, access->thread->race.local, site, left, part->site);
    *part = (struct part){access->tag, site, part->mask | left, writes};
    return true;
}

/* The granule is the thread's, and has no record. False: it races with something, or there is no room in two words; nothing has
 * changed. */
static ALWAYS_INLINE bool race_enter(struct race_access *access, struct granule *granule, uint64_t *tags, bool writes)
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
        (void)join_part(access, &low, left, writes);
        *tags = words_of_parts(&low, &high, granule->sites);
        return true;
    }
    if (!join_part(access, &high, left, writes))
        return false;
    *tags = words_of_parts(&high, &low, granule->sites);
    return true;
}

#endif
