/* SPDX-License-Identifier: MIT */
/* Synchronisation variables: what atomic operations order. Called by race_cells.c with the granule locked. Hard rules:
 * as in race.c.
 *
 * A call-out runs before its instruction. A release is in force before the store, as it must be. What a load acquires is
 * known only after it: so it is acquired twice, now, and again (race_sync_complete) before anything that comes after the
 * load can matter: the thread's next access that is told, its next release or event. An access that translated code does
 * not tell is one to what the thread itself wrote or read in this epoch. */
#include "analysis/evidence.h"
#include "analysis/race_enter.h"

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
    *cell_mask(variable) = 0;
}

/* Whether the bytes were accessed by plain moves, each inside them, that may have been atomic. */
static bool may_be_atomic(const struct races *races, race_site site, uint8_t mask, uint8_t variable)
{
    struct site from = site_get(&races->sites, site_of_byte(&races->sites, site, (uint32_t)__builtin_ctz(mask)));
    uint32_t bytes = 32u - (uint32_t)__builtin_clz(variable) - (uint32_t)__builtin_ctz(variable);
    return (evidence_is_open(from.flags) || evidence_is_old_load(from.flags)) && from.size <= bytes;
}

/* What was done there by plain moves turns out to be atomic; and who stored has released. */
static bool turn_atomic(struct race_access *access, uint32_t head, uint8_t mask)
{
    struct races *races = access->races;
    bool learnt = false;
    FOR_EACH_CELL(races, head, cell) {
        uint8_t common = *cell_mask(cell) & mask, kind = cell_kind(cell);
        if (!common || kind & ~CELL_WRITE || !may_be_atomic(races, cell_site(cell), common, mask))
            continue;
        struct race_cell *part = cell;
        if (common != *cell_mask(cell))
            part = race_cells_split(races, access->thread, head, cell, common);
        if (kind == CELL_WRITE && !hb_knows(access->det, access->thread, cell->tag)) {
            hb_acquire_from(access->det, access->thread, cell->tag);
            learnt = true;
        }
        if (part)
            part->what = cell_what(kind | CELL_ATOMIC, cell_site(cell));
    }
    return learnt;
}

/* The access's bytes become a variable. */
static struct race_cell *make(struct race_access *access, uint32_t head, uint8_t mask)
{
    struct races *races = access->races;
    struct thread *thread = access->thread;
    struct pool_cache none = {0};
    race_site site = race_access_site(access);
    struct race_cell *cell = race_cells_new(races, thread, head);
    uint32_t number = cell ? pool_take(&races->syncs, &none) : 0;
    pool_drain(&races->syncs, &none);
    if (!number)
        return NULL;
    *cell = (struct race_cell){number, cell_what(CELL_SYNC, site)};
    *cell_mask(cell) = mask;
    race_cells_of(races, head)->has_variable = true;
    *sync_of(races, cell) = (struct race_sync){0};
    if (turn_atomic(access, head, mask))
        hb_release_join(access->det, thread, &sync_of(races, cell)->time);
    access->tag = hb_tag(access->det, thread);
    hb_used(thread);
    if (load_relaxed(&races->moves_told) > 0)
        thread->race.local->recheck = thread->race.to_report = true;
    return cell;
}

/* `from` becomes part of `into`. */
static void merge(struct race_access *access, struct race_cell *into, struct race_cell *from)
{
    vc_time_join(&access->det->hb, &sync_of(access->races, into)->time, &sync_of(access->races, from)->time);
    *cell_mask(into) |= *cell_mask(from);
    race_sync_end(access->det, from);
}

/* The variables that the bytes are of, as one. Which of the bytes are of any goes to *covered. */
static struct race_cell *find(struct race_access *access, uint32_t head, uint8_t mask, uint8_t *covered)
{
    struct race_cell *found = NULL;
    FOR_EACH_CELL(access->races, head, cell) {
        if (!(*cell_mask(cell) & mask) || cell_kind(cell) != CELL_SYNC)
            continue;
        *covered |= *cell_mask(cell);
        if (found)
            merge(access, found, cell);
        else
            found = cell;
    }
    return found;
}

struct race_cell *race_sync_of(struct race_access *access, uint32_t head, uint8_t mask)
{
    if (!(access->flags & (RACE_ATOMIC | RACE_MOV)) || access->flags & RACE_ENDS)
        return NULL;
    uint8_t covered = 0;
    struct race_cell *found = find(access, head, mask, &covered);
    if (!(access->flags & RACE_ATOMIC))
        return mask & ~covered ? NULL : found;
    if (!found)
        return make(access, head, mask);
    *cell_mask(found) |= mask;
    return found;
}

bool race_is_variable(struct detector *det, uintptr_t address, size_t size)
{
    struct granule granule;
    uintptr_t offset = address % GRANULE;
    uint8_t mask = (uint8_t)(((1u << (size < GRANULE - offset ? size : GRANULE - offset)) - 1) << offset), found = 0;
    if (!shadow_find(&det->races->shadow, address - offset, false, &granule))
        return false;
    uint64_t tags = shadow_lock(&det->races->shadow, &granule, load_relaxed(granule.tags));
    FOR_EACH_CELL(det->races, words_head(*granule.sites), cell)
        found |= cell_kind(cell) == CELL_SYNC ? *cell_mask(cell) & mask : 0;
    shadow_unlock(&granule, tags);
    return found != 0;
}

void race_sync_acquire(struct race_access *access, uintptr_t at, const struct race_cell *variable)
{
    hb_acquire(access->det, access->thread, &sync_of(access->races, variable)->time);
    access->tag = hb_tag(access->det, access->thread); /* it may have begun another epoch */
    race_sync_note(access, at, *cell_mask(variable));
}

void race_sync_follow(struct race_access *access, uint32_t tag, race_site writer)
{
    if (!evidence_waits(access->flags) || !evidence_orders(access->flags, site_get(&access->races->sites, writer).flags))
        return;
    hb_acquire_from(access->det, access->thread, tag);
    access->tag = hb_tag(access->det, access->thread);
}

/* Stores join as well: which of two that meet comes second is not known here. */
void race_sync_release(struct race_access *access, struct race_cell *variable)
{
    hb_release_join(access->det, access->thread, &sync_of(access->races, variable)->time);
}

/* The load that is pending may have got what was written under the tag. */
static void follow(struct detector *det, struct thread *thread, uint32_t tag, race_site writer)
{
    uint32_t flags = thread->race.pending_flags;
    if (tag && evidence_waits(flags) && !hb_knows(det, thread, tag) &&
        evidence_orders(flags, site_get(&det->races->sites, writer).flags))
        hb_acquire_from(det, thread, tag);
}

static void complete(struct detector *det, struct thread *thread, const struct race_cells *record)
{
    uint8_t mask = thread->race.pending_mask;
    for (unsigned i = 0; i < CELLS_PER_RECORD; i++) {
        const struct race_cell *cell = &record->cells[i];
        if (!(record->masks[i] & mask))
            continue;
        if (cell_kind(cell) == CELL_SYNC)
            hb_acquire(det, thread, &sync_of(det->races, cell)->time);
        else if (cell_kind(cell) == CELL_WRITE) /* atomic ones have released on the variable */
            follow(det, thread, cell->tag, cell_site(cell));
    }
}

void race_complete(struct detector *det, struct thread *thread)
{
    struct races *races = det->races;
    struct granule granule;
    struct race_cells words;
    uintptr_t at = thread->race.pending;
    thread->race.pending = 0;
    if (!at || !shadow_find(&races->shadow, at, false, &granule) || race_is_settled(det, thread, &granule))
        return;
    uint64_t tags = shadow_lock(&races->shadow, &granule, load_relaxed(granule.tags));
    uint32_t number = words_head(*granule.sites);
    if (!number) {
        words_to_cells(tags, *granule.sites, &words);
        complete(det, thread, &words);
    }
    for (; number; number = race_cells_of(races, number)->next)
        complete(det, thread, race_cells_of(races, number));
    shadow_unlock(&granule, tags);
}
