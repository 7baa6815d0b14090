/* SPDX-License-Identifier: MIT */
/* Granules whose two words do not say it all: their bytes differ, several threads have read, or they are synchronisation
 * variables. See race_state.h for the cells. Called by race.c with the granule locked. Hard rules: as in race.c.
 *
 * Which earlier accesses a later one makes superfluous: those ordered before it whose conflicts it has as well, because
 * who is ordered after it is ordered after them. A plain write conflicts with all, a plain read with writes, an atomic
 * write with plain accesses, an atomic read with plain writes. */
#include "analysis/race_state.h"

static inline uint32_t low(uint64_t word) { return (uint32_t)word; }
static inline uint32_t high(uint64_t word) { return (uint32_t)(word >> 32); }
static inline uint64_t words(uint32_t of_write, uint32_t of_read) { return (uint64_t)of_read << 32 | of_write; }

static inline bool conflicts(uint8_t a, uint8_t b)
{
    return (a | b) & CELL_WRITE && !(a & b & CELL_ATOMIC);
}

/* Whether `a` conflicts with all that `b` does. */
static inline bool covers(uint8_t a, uint8_t b)
{
    return a == CELL_WRITE || a == b || (b == (CELL_READ | CELL_ATOMIC));
}

/* --- records ---------------------------------------------------------------------------------------------------------- */

static uint32_t new_record(struct races *races, struct thread *thread)
{
    uint32_t number = pool_take(&races->cells, &thread->race.cells);
    if (number)
        *race_cells_of(races, number) = (struct race_cells){0};
    return number;
}

static void drop_record(struct races *races, struct thread *thread, uint32_t number)
{
    pool_give(&races->cells, &thread->race.cells, number);
}

struct race_cell *race_cells_new(struct races *races, struct thread *thread, uint32_t head)
{
    FOR_EACH_CELL(races, head, cell)
        if (!cell->mask)
            return cell;
    uint32_t number = new_record(races, thread);
    if (!number)
        return NULL;
    struct race_cells *record = race_cells_of(races, number), *first = race_cells_of(races, head);
    record->next = first->next;
    first->next = number;
    return &record->cells[0];
}

/* What the plain words say, as cells. The chain's number; 0: out of memory. */
static uint32_t cells_of_words(struct races *races, struct thread *thread, uint64_t tags, uint64_t sites)
{
    uint32_t head = new_record(races, thread);
    if (!head)
        return 0;
    struct race_cell *cell = race_cells_of(races, head)->cells;
    if (low(tags))
        *cell++ = (struct race_cell){low(tags), low(sites), 0xff, CELL_WRITE};
    if (high(tags))
        *cell = (struct race_cell){high(tags), high(sites), 0xff, CELL_READ};
    return head;
}

static uint32_t head_of(struct races *races, struct thread *thread, const struct granule *granule, uint64_t tags)
{
    uint32_t head = low(*granule->sites);
    return head & SITES_IN_CELLS ? head & ~SITES_IN_CELLS
                                 : cells_of_words(races, thread, tags, *granule->sites);
}

/* Records without cells go. */
static void shorten(struct races *races, struct thread *thread, uint32_t head)
{
    for (uint32_t before = head, number; (number = race_cells_of(races, before)->next) != 0;) {
        struct race_cells *record = race_cells_of(races, number);
        bool used = false;
        for (uint32_t i = 0; i < CELLS_PER_RECORD; i++)
            used |= record->cells[i].mask != 0;
        if (used) {
            before = number;
            continue;
        }
        race_cells_of(races, before)->next = record->next;
        drop_record(races, thread, number);
    }
}

static void drop_all(struct races *races, struct thread *thread, uint32_t head)
{
    while (head) {
        uint32_t next = race_cells_of(races, head)->next;
        drop_record(races, thread, head);
        head = next;
    }
}

/* --- back to words ------------------------------------------------------------------------------------------------------- */

/* What the cells come to. */
struct summary {
    uint32_t cells;
    bool has_variable;
    const struct race_cell *write, *read; /* plain ones of all 8 bytes */
    uint8_t written, touched;             /* plainly, at the tag that was asked for */
};

static struct summary sum_up(const struct races *races, uint32_t head, uint32_t tag)
{
    struct summary sum = {0};
    FOR_EACH_CELL(races, head, cell) {
        if (!cell->mask)
            continue;
        sum.cells++;
        sum.has_variable |= cell->kind == CELL_SYNC;
        if (cell->kind & ~CELL_WRITE)
            continue;
        if (cell->mask == 0xff && cell->kind == CELL_WRITE)
            sum.write = cell;
        else if (cell->mask == 0xff)
            sum.read = cell;
        if (cell->tag != tag)
            continue;
        sum.touched |= cell->mask;
        sum.written |= cell->kind == CELL_WRITE ? cell->mask : 0;
    }
    return sum;
}

/* The granule's words after its cells have changed. `writes`: what they were before holds no longer. */
static uint64_t close(struct detector *det, struct thread *thread, struct granule *granule, uint32_t head, uint64_t tags,
                      uint32_t tag, bool writes)
{
    struct races *races = det->races;
    struct summary sum = sum_up(races, head, tag);
    if (sum.cells == (sum.write != NULL) + (uint32_t)(sum.read != NULL)) {
        *granule->sites = words(sum.write ? sum.write->site : 0, sum.read ? sum.read->site : 0);
        tags = words(sum.write ? sum.write->tag : 0, sum.read ? sum.read->tag : 0);
        drop_all(races, thread, head);
        return tags;
    }
    shorten(races, thread, head);
    *granule->sites = words(head | SITES_IN_CELLS, 0);
    if (sum.has_variable)
        return 0;
    uint32_t written = writes ? 0 : low(tags), touched = writes ? 0 : high(tags);
    if (tag && sum.written == 0xff)
        written = tag;
    if (tag && sum.touched == 0xff)
        touched = tag;
    return words(written, touched);
}

/* --- accesses ------------------------------------------------------------------------------------------------------------ */

/* Checks the access against one cell. Returns which of its bytes need no entry, because the cell stands for them. */
static uint8_t meet(struct race_access *access, uintptr_t at, struct race_cell *cell, uint8_t mask)
{
    uint8_t common = cell->mask & mask;
    if (!common || cell->kind == CELL_SYNC)
        return 0;
    if (cell->tag == access->tag && covers(cell->kind, access->kind) && !(access->flags & RACE_ENDS))
        return common;
    bool known = hb_knows(access->det, access->thread, cell->tag);
    if (UNLIKELY(!known && conflicts(access->kind, cell->kind))) {
        race_conflict(access, at, common, cell->tag, cell->kind, cell->site);
        race_sync_follow(access, cell->tag, cell->site);
    }
    if ((known && covers(access->kind, cell->kind)) || access->kind == CELL_WRITE)
        cell->mask &= (uint8_t)~common;
    return 0;
}

static inline bool is_same(const struct race_cell *cell, const struct race_access *access, race_site site)
{
    return cell->mask && cell->tag == access->tag && cell->kind == access->kind && cell->site == site;
}

/* False: out of memory. */
static bool enter(struct race_access *access, uintptr_t at, uint32_t head, uint8_t mask)
{
    struct races *races = access->races;
    race_site site = race_access_site(access);
    struct race_cell *same = NULL;
    uint8_t left = mask;
    FOR_EACH_CELL(races, head, cell) {
        left &= (uint8_t)~meet(access, at, cell, mask);
        if (is_same(cell, access, site))
            same = cell;
    }
    if (!left)
        return true;
    if (!same) {
        same = race_cells_new(races, access->thread, head);
        if (!same)
            return false;
        *same = (struct race_cell){access->tag, site, 0, access->kind};
    }
    same->mask |= left;
    return true;
}

static void end_variables(struct detector *det, uint32_t head, uint8_t mask)
{
    FOR_EACH_CELL(det->races, head, cell) {
        if (!(cell->mask & mask) || cell->kind != CELL_SYNC)
            continue;
        cell->mask &= (uint8_t)~mask;
        if (!cell->mask)
            race_sync_end(det, cell);
    }
}

/* No memory: the granule's history is lost, which can hide a race, never make one. */
static uint64_t lose(struct detector *det, struct thread *thread, struct granule *granule, uint32_t head)
{
    struct races *races = det->races;
    (void)fetch_add_relaxed(&races->granules_lost, 1);
    end_variables(det, head, 0xff);
    drop_all(races, thread, head);
    *granule->sites = 0;
    return 0;
}

uint64_t race_cells_access(struct race_access *access, uintptr_t at, struct granule *granule, uint64_t tags, uint8_t mask)
{
    struct detector *det = access->det;
    struct races *races = access->races;
    struct thread *thread = access->thread;
    uint32_t head = head_of(races, thread, granule, tags);
    if (UNLIKELY(!head))
        return lose(det, thread, granule, 0);
    if (access->flags & RACE_ENDS)
        end_variables(det, head, mask);
    struct race_cell *variable = race_sync_of(access, head, mask);
    uint8_t kind = access->kind;
    if (variable && !(access->flags & RACE_SOURCE_KNOWN))
        access->kind |= CELL_ATOMIC;
    if (variable && access->flags & RACE_READ)
        race_sync_acquire(access, at, variable);
    bool entered = !access->tag || enter(access, at, head, mask);
    if (variable && access->flags & RACE_WRITE)
        race_sync_release(access, variable);
    access->kind = kind;
    if (UNLIKELY(!entered))
        return lose(det, thread, granule, head);
    return close(det, thread, granule, head, tags, access->tag, access->tag && kind & CELL_WRITE);
}

uint64_t race_cells_clear(struct detector *det, struct thread *thread, struct granule *granule, uint64_t tags, uint8_t mask)
{
    struct races *races = det->races;
    uint32_t head = head_of(races, thread, granule, tags);
    if (!head)
        return lose(det, thread, granule, 0);
    end_variables(det, head, mask);
    FOR_EACH_CELL(races, head, cell)
        cell->mask &= (uint8_t)~mask;
    return close(det, thread, granule, head, tags, 0, true);
}

uint64_t race_cells_make_variable(struct race_access *access, struct granule *granule, uint64_t tags, uint8_t mask)
{
    uint32_t head = head_of(access->races, access->thread, granule, tags);
    if (!head)
        return lose(access->det, access->thread, granule, 0);
    (void)race_sync_of(access, head, mask);
    return close(access->det, access->thread, granule, head, tags, 0, true);
}
