/* SPDX-License-Identifier: MIT */
/* Synchronisation variables: what atomic operations order. Called by race_cells.c with the granule locked. Hard rules:
 * as in race.c.
 *
 * A call-out runs before its instruction. A release is in force before the store, as it must be. What a load acquires is
 * known only after it: so it is acquired twice, now, and again (race_sync_complete) before anything that comes after the
 * load can matter: the thread's next access that is told, its next release or event. An access that translated code does
 * not tell is one to what the thread itself wrote or read in this epoch. */
#include "analysis/race_state.h"

static struct race_sync *sync_of(const struct races *races, const struct race_cell *cell)
{
    return pool_record(&races->syncs, cell->tag);
}

void race_sync_end(struct detector *det, struct race_cell *variable)
{
    struct races *races = det->races;
    struct pool_cache none = {0};
    vc_time_clear(&det->hb, &sync_of(races, variable)->time);
    pool_give(&races->syncs, &none, variable->tag);
    pool_drain(&races->syncs, &none);
    *variable = (struct race_cell){0};
}

/* The access's bytes become a variable, and what was done there by plain moves turns out to be atomic. */
static struct race_cell *make(struct race_access *access, uint32_t head, uint8_t mask)
{
    struct races *races = access->races;
    struct pool_cache none = {0};
    race_site site = race_access_site(access);
    struct race_cell *cell = race_cells_new(races, access->thread, head);
    uint32_t number = cell ? pool_take(&races->syncs, &none) : 0;
    pool_drain(&races->syncs, &none);
    if (!number)
        return NULL;
    *cell = (struct race_cell){number, site, mask, CELL_SYNC};
    *sync_of(races, cell) = (struct race_sync){0};
    return cell;
}

struct race_cell *race_sync_of(struct race_access *access, uint32_t head, uint8_t mask)
{
    if (!(access->flags & (RACE_ATOMIC | RACE_MOV)) || access->flags & RACE_ENDS)
        return NULL;
    const struct races *races = access->races;
    struct race_cell *found = NULL;
    uint8_t all = 0;
    for (uint32_t number = head; number; number = race_cells_of(races, number)->next)
        for (uint32_t i = 0; i < CELLS_PER_RECORD; i++) {
            struct race_cell *cell = &race_cells_of(races, number)->cells[i];
            if (cell->kind != CELL_SYNC || !(cell->mask & mask))
                continue;
            found = cell;
            all |= cell->mask;
        }
    if (!(access->flags & RACE_ATOMIC))
        return found && (mask & ~all) == 0 ? found : NULL;
    if (!found)
        return make(access, head, mask);
    found->mask |= mask;
    return found;
}

void race_sync_acquire(struct race_access *access, uintptr_t at, const struct race_cell *variable)
{
    struct race_thread *own = &access->thread->race;
    hb_acquire(access->det, access->thread, &sync_of(access->races, variable)->time);
    access->tag = hb_tag(access->det, access->thread); /* it may have begun another epoch */
    own->pending = at;
    own->pending_mask = variable->mask;
}

/* Stores join as well: which of two that meet comes second is not known here. */
void race_sync_release(struct race_access *access, struct race_cell *variable)
{
    hb_release_join(access->det, access->thread, &sync_of(access->races, variable)->time);
}

static void complete(struct detector *det, struct thread *thread, uint32_t number, uint8_t mask)
{
    for (; number; number = race_cells_of(det->races, number)->next)
        for (uint32_t i = 0; i < CELLS_PER_RECORD; i++) {
            const struct race_cell *cell = &race_cells_of(det->races, number)->cells[i];
            if (cell->kind == CELL_SYNC && cell->mask & mask)
                hb_acquire(det, thread, &sync_of(det->races, cell)->time);
        }
}

void race_complete(struct detector *det, struct thread *thread)
{
    struct granule granule;
    uintptr_t at = thread->race.pending;
    thread->race.pending = 0;
    if (!at || !shadow_find(&det->races->shadow, at, false, &granule))
        return;
    uint64_t tags = shadow_lock(&granule, load_relaxed(granule.tags));
    uint32_t number = (uint32_t)*granule.sites;
    if (number & SITES_IN_CELLS)
        complete(det, thread, number & ~SITES_IN_CELLS, thread->race.pending_mask);
    shadow_unlock(&granule, tags);
}
