/* SPDX-License-Identifier: MIT */
/* Races found in a call-out are put aside here, for race_report.c. Hard rules: as in race.c.
 *
 * A place that races does so each time it comes by. What a thread has told already of the same two sites is counted, and
 * told again at each power of two. */
#include "analysis/race_state.h"

static bool is_benign(const struct races *races, uintptr_t address, size_t size)
{
    /* Pairs with race_benign(). */
    const struct race_benign *range = load_acquire(&races->benign);
    while (range && !(range->start <= address && address + size <= range->end))
        range = range->next;
    return range != NULL;
}

/* How often to say so now; 0: only count. */
static uint32_t times_to_tell(struct race_local *local, race_site previous, race_site current)
{
    struct race_seen *seen = &local->seen[(previous * 31 + current) % RACE_SEEN];
    if (seen->previous != previous || seen->current != current)
        *seen = (struct race_seen){.previous = previous, .current = current};
    seen->times++;
    if (seen->times & (seen->times - 1)) {
        local->only_counted++;
        return 0;
    }
    uint32_t untold = seen->times - seen->told;
    seen->told = seen->times;
    return untold;
}

/* The next bytes of what was found last: one access, or one loop's. */
static bool extends(struct race_local *local, const struct race_finding *found)
{
    struct race_finding *last = local->finding_count ? &local->findings[local->finding_count - 1] : NULL;
    if (!last || last->previous != found->previous || last->current != found->current ||
        last->previous_tag != found->previous_tag || last->address + last->size != found->address)
        return false;
    last->size += found->size;
    return true;
}

static void put_aside(struct race_access *access, struct race_finding *found)
{
    struct race_local *local = access->thread->race.local;
    if (is_benign(access->races, found->address, found->size) || extends(local, found))
        return;
    found->times = times_to_tell(local, found->previous, found->current);
    if (!found->times)
        return;
    if (local->finding_count == RACE_FINDINGS) {
        (void)fetch_add_relaxed(&access->races->findings_lost, 1);
        return;
    }
    local->findings[local->finding_count++] = *found;
    access->thread->race.to_report = true;
}

void race_conflict(struct race_access *access, uintptr_t granule, uint8_t mask, uint32_t tag, uint8_t kind, race_site site)
{
    if ((access->flags | site_get(&access->races->sites, site).flags) & RACE_RUNTIME)
        return;
    struct race_finding found = {
        .previous_tag = tag,
        .previous_kind = kind,
        .current = race_access_site(access),
        .doubt = load_relaxed(&access->races->doubt) != 0,
    };
    while (mask) { /* each run of bytes from one site */
        uint32_t first = (uint32_t)__builtin_ctz(mask), size = 1;
        found.previous = site_of_byte(&access->races->sites, site, first);
        while (mask >> (first + size) & 1 && site_of_byte(&access->races->sites, site, first + size) == found.previous)
            size++;
        found.address = granule + first;
        found.size = size;
        put_aside(access, &found);
        mask &= (uint8_t)~(((1u << size) - 1) << first);
    }
}
