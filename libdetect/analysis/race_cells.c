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
    if (LIKELY(number)) {
        struct race_cells *record = race_cells_of(races, number);
        record->next = 0;
        record->masks[0] = record->masks[1] = record->masks[2] = 0;
        record->has_variable = false;
    }
    return number;
}

static void drop_record(struct races *races, struct thread *thread, uint32_t number)
{
    pool_give(&races->cells, &thread->race.cells, number);
}

static NOINLINE struct race_cell *longer(struct races *races, struct thread *thread, uint32_t head)
{
    uint32_t number = new_record(races, thread);
    if (!number)
        return NULL;
    struct race_cells *record = race_cells_of(races, number), *first = race_cells_of(races, head);
    record->next = first->next;
    first->next = number;
    return &record->cells[0];
}

struct race_cell *race_cells_new(struct races *races, struct thread *thread, uint32_t head)
{
    FOR_EACH_CELL(races, head, cell)
        if (!*cell_mask(cell))
            return cell;
    return longer(races, thread, head);
}

struct race_cell *race_cells_split(struct races *races, struct thread *thread, uint32_t head, struct race_cell *cell,
                                   uint8_t mask)
{
    struct race_cell *part = race_cells_new(races, thread, head);
    if (!part)
        return NULL;
    *part = *cell;
    *cell_mask(part) = mask;
    *cell_mask(cell) &= (uint8_t)~mask;
    return part;
}

/* What the plain words say, as cells. The chain's number; 0: out of memory. */
static uint32_t cells_of_words(struct races *races, struct thread *thread, uint64_t tags, uint64_t sites)
{
    uint32_t head = new_record(races, thread);
    if (UNLIKELY(!head))
        return 0;
    struct race_cells *record = race_cells_of(races, head);
    record->cells[0] = (struct race_cell){low(tags), cell_what(CELL_WRITE, low(sites))};
    record->masks[0] = low(tags) ? 0xff : 0;
    record->cells[1] = (struct race_cell){high(tags), cell_what(CELL_READ, high(sites))};
    record->masks[1] = high(tags) ? 0xff : 0;
    return head;
}

static inline uint32_t head_of(struct races *races, struct thread *thread, const struct granule *granule, uint64_t tags)
{
    uint32_t head = low(*granule->sites);
    return head & SITES_IN_CELLS ? head & ~SITES_IN_CELLS : cells_of_words(races, thread, tags, *granule->sites);
}

/* Records without cells go. */
static NOINLINE void shorten(struct races *races, struct thread *thread, uint32_t head)
{
    for (uint32_t before = head, number; (number = race_cells_of(races, before)->next) != 0;) {
        struct race_cells *record = race_cells_of(races, number);
        if (record->masks[0] | record->masks[1] | record->masks[2]) {
            before = number;
            continue;
        }
        race_cells_of(races, before)->next = record->next;
        drop_record(races, thread, number);
    }
}

static inline void drop_all(struct races *races, struct thread *thread, uint32_t head)
{
    while (head) {
        uint32_t next = race_cells_of(races, head)->next;
        drop_record(races, thread, head);
        head = next;
    }
}

/* --- back to words ------------------------------------------------------------------------------------------------------- */

/* What the cells of one kind come to. */
struct summary {
    uint32_t tag;  /* of all of them */
    uint8_t bytes; /* all of them together */
    bool differs;  /* not all have that tag */
};

static inline void add(struct summary *sum, uint32_t tag, uint8_t mask)
{
    sum->differs |= sum->bytes && sum->tag != tag;
    sum->tag = tag;
    sum->bytes |= mask;
}

static NOINLINE race_site pair_of(struct races *races, struct race_local *local, race_site a, uint8_t mask, race_site b)
{
    struct pair_cache_entry *entry = &local->pairs[(a * 31 + b + mask) % RACE_PAIRS];
    if (entry->a != a || entry->b != b || entry->mask != mask)
        *entry = (struct pair_cache_entry){a, b, mask, site_pair(&races->sites, a, mask, b)};
    return entry->number;
}

/* One site for all cells of a kind, which have the same tag. */
static race_site site_of(struct races *races, struct race_local *local, uint32_t head, uint8_t kind)
{
    race_site site = 0;
    FOR_EACH_CELL(races, head, cell)
        if (*cell_mask(cell) && cell_kind(cell) == kind && cell_site(cell) != site)
            site = site ? pair_of(races, local, cell_site(cell), *cell_mask(cell), site) : cell_site(cell);
    return site;
}

/* The cells say no more than two words can. */
static inline bool is_plain(const struct summary *sum)
{
    return !sum->bytes || (sum->bytes == 0xff && !sum->differs);
}

/* A record more or less: of several threads that read, each is the one whose reads need not be told now and then. */
static inline bool takes_turn(struct race_local *local) { return local->reads++ % 4 == 0; }

/* The granule's words after its cells have changed. `tag`: of the access that did it, 0 none; `writes`: what the words
 * said before holds no longer. */
static uint64_t close(struct races *races, struct thread *thread, struct granule *granule, uint32_t head, uint64_t tags,
                      uint32_t tag, bool writes)
{
    struct summary written = {0}, read = {0};
    uint8_t mine_written = 0, mine = 0;
    bool others = false, spare = false;
    for (uint32_t number = head; number;) {
        const struct race_cells *record = race_cells_of(races, number);
        for (unsigned i = 0; i < CELLS_PER_RECORD; i++) {
            uint8_t mask = record->masks[i], kind = cell_kind(&record->cells[i]);
            if (!mask)
                continue;
            if (kind & ~CELL_WRITE) {
                others = true;
                continue;
            }
            add(kind ? &written : &read, record->cells[i].tag, mask);
            if (record->cells[i].tag == tag) {
                mine |= mask;
                mine_written |= kind ? mask : 0;
            }
        }
        spare |= number != head && !(record->masks[0] | record->masks[1] | record->masks[2]);
        number = record->next;
    }
    if (!others && is_plain(&written) && is_plain(&read)) {
        struct race_local *local = thread->race.local;
        *granule->sites = words(written.bytes ? site_of(races, local, head, CELL_WRITE) : 0,
                                read.bytes ? site_of(races, local, head, CELL_READ) : 0);
        drop_all(races, thread, head);
        return words(written.bytes ? written.tag : 0, read.bytes ? read.tag : 0);
    }
    if (spare)
        shorten(races, thread, head);
    *granule->sites = words(head | SITES_IN_CELLS, 0);
    if (race_cells_of(races, head)->has_variable)
        return 0;
    uint32_t w = writes ? 0 : low(tags), r = writes ? 0 : high(tags);
    if (mine_written == 0xff)
        w = tag;
    if (mine == 0xff && (!r || r >> RACE_EPOCH_BITS == tag >> RACE_EPOCH_BITS || takes_turn(thread->race.local)))
        r = tag;
    return words(w, r);
}

/* --- accesses ------------------------------------------------------------------------------------------------------------ */

/* Checks the access against one cell, with which it has these bytes in common. Returns which of them need no entry,
 * because the cell stands for them. */
static inline uint8_t meet(struct race_access *access, uintptr_t at, struct race_cell *cell, uint8_t common)
{
    uint8_t kind = cell_kind(cell);
    if (kind == CELL_SYNC)
        return 0;
    if (cell->tag == access->tag && covers(kind, access->kind) && !(access->flags & RACE_ENDS))
        return common;
    bool known = hb_knows(access->det, access->thread, cell->tag);
    if (UNLIKELY(!known && conflicts(access->kind, kind))) {
        race_conflict(access, at, common, cell->tag, kind, cell_site(cell));
        race_sync_follow(access, cell->tag, cell_site(cell));
    }
    if ((known && covers(access->kind, kind)) || access->kind == CELL_WRITE)
        *cell_mask(cell) &= (uint8_t)~common;
    return 0;
}

/* False: out of memory. */
static bool enter(struct race_access *access, uintptr_t at, uint32_t head, uint8_t mask)
{
    struct races *races = access->races;
    uint32_t what = cell_what(access->kind, race_access_site(access));
    struct race_cell *same = NULL, *unused = NULL;
    uint8_t left = mask;
    for (uint32_t number = head; number;) {
        struct race_cells *record = race_cells_of(races, number);
        for (unsigned i = 0; i < CELLS_PER_RECORD; i++) {
            struct race_cell *cell = &record->cells[i];
            if (record->masks[i] & mask)
                left &= (uint8_t)~meet(access, at, cell, record->masks[i] & mask);
            if (!record->masks[i])
                unused = cell;
            else if (cell->what == what && cell->tag == access->tag)
                same = cell;
        }
        number = record->next;
    }
    if (!left)
        return true;
    if (!same) {
        same = unused ? unused : longer(races, access->thread, head);
        if (UNLIKELY(!same))
            return false;
        *same = (struct race_cell){access->tag, what};
        *cell_mask(same) = 0;
    }
    *cell_mask(same) |= left;
    return true;
}

static void end_variables(struct detector *det, uint32_t head, uint8_t mask)
{
    bool left = false;
    if (!head || !race_cells_of(det->races, head)->has_variable)
        return;
    FOR_EACH_CELL(det->races, head, cell) {
        if (!*cell_mask(cell) || cell_kind(cell) != CELL_SYNC)
            continue;
        *cell_mask(cell) &= (uint8_t)~mask;
        if (*cell_mask(cell))
            left = true;
        else
            race_sync_end(det, cell);
    }
    race_cells_of(det->races, head)->has_variable = left;
}

/* No memory: the granule's history is lost, which can hide a race, never make one. */
static COLD uint64_t lose(struct detector *det, struct thread *thread, struct granule *granule, uint32_t head)
{
    struct races *races = det->races;
    (void)fetch_add_relaxed(&races->granules_lost, 1);
    end_variables(det, head, 0xff);
    drop_all(races, thread, head);
    *granule->sites = 0;
    return 0;
}

/* The granule has a synchronisation variable, or gets one, or loses one. */
static NOINLINE bool enter_ordering(struct race_access *access, uintptr_t at, uint32_t head, uint8_t mask)
{
    if (access->flags & RACE_ENDS)
        end_variables(access->det, head, mask);
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
    return entered;
}

uint64_t race_cells_access(struct race_access *access, uintptr_t at, struct granule *granule, uint64_t tags, uint8_t mask)
{
    struct thread *thread = access->thread;
    uint32_t head = head_of(access->races, thread, granule, tags);
    if (UNLIKELY(!head))
        return lose(access->det, thread, granule, 0);
    bool orders = access->flags & RACE_ATOMIC || !access->tag || race_cells_of(access->races, head)->has_variable;
    bool entered = UNLIKELY(orders) ? enter_ordering(access, at, head, mask) : enter(access, at, head, mask);
    if (UNLIKELY(!entered))
        return lose(access->det, thread, granule, head);
    return close(access->races, thread, granule, head, tags, access->tag, access->tag && access->kind & CELL_WRITE);
}

uint64_t race_cells_clear(struct detector *det, struct thread *thread, struct granule *granule, uint64_t tags, uint8_t mask)
{
    uint32_t head = head_of(det->races, thread, granule, tags);
    if (!head)
        return lose(det, thread, granule, 0);
    end_variables(det, head, mask);
    FOR_EACH_CELL(det->races, head, cell)
        *cell_mask(cell) &= (uint8_t)~mask;
    return close(det->races, thread, granule, head, tags, 0, true);
}

uint64_t race_cells_make_variable(struct race_access *access, struct granule *granule, uint64_t tags, uint8_t mask)
{
    uint32_t head = head_of(access->races, access->thread, granule, tags);
    if (!head)
        return lose(access->det, access->thread, granule, 0);
    (void)race_sync_of(access, head, mask);
    return close(access->races, access->thread, granule, head, tags, 0, true);
}
