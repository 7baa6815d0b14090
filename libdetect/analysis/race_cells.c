/* SPDX-License-Identifier: MIT */
/* Granules whose bytes differ, that several threads have read, or that are synchronisation variables. See race_state.h for
 * the cells, and how two of them are put into words. Called by race.c with the granule locked. Hard rules: as in race.c.
 *
 * Which earlier accesses a later one makes superfluous: those ordered before it whose conflicts it has as well, because
 * who is ordered after it is ordered after them. A plain write conflicts with all, a plain read with writes, an atomic
 * write with plain accesses, an atomic read with plain writes. What everybody knows is superfluous anyway (hb_all_know). */
#include "analysis/evidence.h"
#include "analysis/race_enter.h"

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

/* A record for what were words; 0: out of memory. */
static NOINLINE uint32_t keep(struct races *races, struct thread *thread, const struct race_cells *words)
{
    uint32_t head = new_record(races, thread);
    if (head)
        *race_cells_of(races, head) = *words;
    return head;
}

/* The granule's first record, made if there is none yet; 0: out of memory. */
static uint32_t head_of(struct races *races, struct thread *thread, const struct granule *granule, uint64_t tags)
{
    struct race_cells words;
    if (words_head(*granule->sites))
        return words_head(*granule->sites);
    words_to_cells(tags, *granule->sites, &words);
    return keep(races, thread, &words);
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

race_site race_pair_find(struct races *races, struct race_local *local, race_site a, uint8_t mask, race_site b)
{
    struct pair_cache_entry *entry = race_pair_entry(local, a, mask, b);
    if (!race_pair_is(entry, a, mask, b))
        *entry = (struct pair_cache_entry){a, b, mask, site_pair(&races->sites, a, mask, b)};
    return entry->number;
}

/* Writes and reads that two words can say. */
struct parts {
    struct part parts[2];
    uint32_t count;
};

/* False: there are more. */
static inline bool add(struct parts *parts, const struct race_cell *cell, uint8_t mask)
{
    uint8_t kind = cell_kind(cell);
    for (uint32_t i = 0; i < parts->count; i++)
        if (parts->parts[i].tag == cell->tag && parts->parts[i].writes == kind) {
            parts->parts[i].mask |= mask;
            return true;
        }
    if (parts->count == 2 || kind & ~CELL_WRITE)
        return false;
    parts->parts[parts->count++] = (struct part){.tag = cell->tag, .writes = kind, .mask = mask};
    return true;
}

static bool find_parts(const struct races *races, const struct race_cells *record, struct parts *parts)
{
    for (;;) {
        for (unsigned i = 0; i < CELLS_PER_RECORD; i++)
            if (record->masks[i] && !add(parts, &record->cells[i], record->masks[i]))
                return false;
        if (!record->next)
            return true;
        record = race_cells_of(races, record->next);
    }
}

/* One site for all cells of a part. */
static race_site site_of(struct races *races, struct race_local *local, const struct race_cells *record,
                         const struct part *part)
{
    race_site site = 0;
    for (;;) {
        for (unsigned i = 0; i < CELLS_PER_RECORD; i++) {
            const struct race_cell *cell = &record->cells[i];
            if (!record->masks[i] || cell->tag != part->tag || cell_kind(cell) != part->writes || cell_site(cell) == site)
                continue;
            site = site ? race_pair_find(races, local, cell_site(cell), record->masks[i], site) : cell_site(cell);
        }
        if (!record->next)
            return site;
        record = race_cells_of(races, record->next);
    }
}

/* The words that say what the parts are; best of what was done at the tag. Returns the tags. */
static uint64_t words_of(struct races *races, struct thread *thread, const struct race_cells *record, struct parts *parts,
                         uint32_t tag, uint64_t *sites)
{
    for (uint32_t i = 0; i < parts->count; i++)
        parts->parts[i].site = site_of(races, thread->race.local, record, &parts->parts[i]);
    bool turned = parts->count == 2 && parts->parts[1].tag == tag;
    return words_of_parts(&parts->parts[turned], &parts->parts[!turned], sites);
}

/* Of several threads that read in turn, each is now and then the one whose next reads need not be told. */
static inline bool takes_turn(struct race_local *local) { return local->reads++ % 4 == 0; }

/* Which of the granule's bytes were written, and touched, at this tag. */
static void sum_up(const struct races *races, uint32_t head, uint32_t tag, struct part *written, struct part *touched)
{
    *written = (struct part){.tag = tag, .writes = true};
    *touched = (struct part){.tag = tag};
    FOR_EACH_CELL(races, head, cell) {
        uint8_t mask = *cell_mask(cell), kind = cell_kind(cell);
        if (!mask || cell->tag != tag || kind & ~CELL_WRITE)
            continue;
        touched->mask |= mask;
        written->mask |= kind ? mask : 0;
    }
}

/* The word helps nobody any more, or others have had their turn. */
static bool is_free(struct detector *det, struct thread *thread, uint32_t word)
{
    return !word || hb_knows(det, thread, word & RACE_TAG_MASK) || takes_turn(thread->race.local);
}

static inline uint32_t half_word(const struct part *written, const struct part *touched, uint8_t half)
{
    if ((written->mask & half) == half)
        return written->tag | RACE_HALF_WRITTEN;
    return (touched->mask & half) == half ? touched->tag | RACE_HALF_READ : 0;
}

/* What need not be told of this thread, beside what is known of another one. */
static uint64_t add_known(struct detector *det, struct thread *thread, uint64_t tags, const struct part *written,
                          const struct part *touched)
{
    uint32_t low = half_word(written, touched, 0x0f), high = half_word(written, touched, 0xf0);
    bool low_free = is_free(det, thread, word_at(tags, LOW)), high_free = is_free(det, thread, word_at(tags, HIGH));
    if (written->mask == 0xff)
        low = written->tag;
    else if (touched->mask == 0xff && !(low & RACE_HALF_WRITTEN))
        low = high_free ? 0 : touched->tag | RACE_WHOLE_READ;
    if (touched->mask == 0xff)
        high = touched->tag;
    return word_tags(low_free && low ? low : word_at(tags, LOW), high_free && high ? high : word_at(tags, HIGH));
}

/* The tags of a granule that has cells. */
static uint64_t known_tags(struct detector *det, struct thread *thread, uint32_t head, uint64_t tags, uint32_t tag,
                           bool writes)
{
    struct part written, touched;
    if (race_cells_of(det->races, head)->has_variable || !tag)
        return 0;
    sum_up(det->races, head, tag, &written, &touched);
    return add_known(det, thread, writes ? 0 : tags, &written, &touched);
}

/* The granule's words after its cells have changed, which are `record` and those that follow. head: the number of that
 * record, 0 if it is none yet. `tag`: of the access that did it, 0 none; `writes`: what the tags said before holds no
 * longer. Returns the tags; false in *kept: out of memory. */
static inline uint64_t close(struct detector *det, struct thread *thread, struct granule *granule, struct race_cells *record,
                             uint32_t head, uint64_t tags, uint32_t tag, bool writes, bool *kept)
{
    struct races *races = det->races;
    struct parts parts = {.count = 0};
    if (find_parts(races, record, &parts)) {
        tags = words_of(races, thread, record, &parts, tag, granule->sites);
        drop_all(races, thread, head);
        return tags;
    }
    if (!head)
        head = keep(races, thread, record);
    else if (record->next)
        shorten(races, thread, head);
    *kept = head != 0;
    if (!head)
        return 0;
    *granule->sites = SITES_IN_CELLS | head;
    return known_tags(det, thread, head, tags, tag, writes);
}

/* --- accesses ------------------------------------------------------------------------------------------------------------ */

/* Nobody can race with it any more. */
static inline bool is_over(const struct detector *det, const struct race_cell *cell)
{
    return cell_kind(cell) != CELL_SYNC && hb_all_know(det, cell->tag);
}

/* Checks the access against one cell, with which it has bytes in common. Returns which of them need no entry, because the
 * cell stands for them. */
static inline uint8_t meet(struct race_access *access, uintptr_t at, const struct race_cell *cell, uint8_t *mask)
{
    uint8_t kind = cell_kind(cell), common = *mask & access->mask;
    if (kind == CELL_SYNC)
        return 0;
    if (cell->tag == access->tag && covers(kind, access->kind) && !(access->flags & RACE_ENDS))
        return common;
    bool known = hb_knows(access->det, access->thread, cell->tag);
    if (UNLIKELY(!known && conflicts(access->kind, kind))) {
        race_conflict(access, at, common, cell->tag, kind, cell_site(cell));
        race_sync_follow(access, cell->tag, cell_site(cell));
    }
    if ((known && covers(access->kind, kind)) || access->kind == CELL_WRITE) {
        *mask &= (uint8_t)~common;
        access->changed = true;
    }
    return 0;
}

/* Checks the access against all cells and enters it. Returns the bytes for which there is no free cell. */
static inline uint8_t enter(struct race_access *access, uintptr_t at, struct race_cells *record)
{
    uint32_t what = cell_what(access->kind, race_access_site(access));
    struct race_cells *in = NULL;
    unsigned place = 0;
    uint8_t left = access->mask;
    bool same = false;
    for (;;) {
        for (unsigned i = 0; i < CELLS_PER_RECORD; i++) {
            const struct race_cell *cell = &record->cells[i];
            if (record->masks[i] && is_over(access->det, cell)) {
                record->masks[i] = 0;
                access->changed = true;
            }
            if (record->masks[i] & access->mask)
                left &= (uint8_t)~meet(access, at, cell, &record->masks[i]);
            bool is_same = record->masks[i] && cell->what == what && cell->tag == access->tag;
            if (is_same || (!same && !record->masks[i])) {
                in = record;
                place = i;
                same = is_same;
            }
        }
        if (!record->next)
            break;
        record = race_cells_of(access->races, record->next);
    }
    access->changed |= left != 0;
    if (!left || !in)
        return left;
    in->cells[place] = (struct race_cell){access->tag, what};
    in->masks[place] |= left;
    return 0;
}

/* False: out of memory. */
static bool enter_chain(struct race_access *access, uintptr_t at, uint32_t head)
{
    uint8_t left = enter(access, at, race_cells_of(access->races, head));
    if (LIKELY(!left))
        return true;
    struct race_cell *cell = longer(access->races, access->thread, head);
    if (!cell)
        return false;
    *cell = (struct race_cell){access->tag, cell_what(access->kind, race_access_site(access))};
    *cell_mask(cell) = left;
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

/* A variable on its own stack ends with its frame. */
static void watch_stack(struct thread *thread, uintptr_t at)
{
    if (at - thread->stack_low < thread->stack_high - thread->stack_low && at < thread->race.stack_watch)
        thread->race.stack_watch = at;
}

/* The granule has a synchronisation variable, or gets one, or loses one. */
static NOINLINE bool enter_ordering(struct race_access *access, uintptr_t at, uint32_t head)
{
    if (access->flags & RACE_ENDS)
        end_variables(access->det, head, access->mask);
    struct race_cell *variable = race_sync_of(access, head, access->mask);
    uint8_t kind = access->kind;
    bool is_atomic = variable && (!(access->flags & RACE_SOURCE_KNOWN) || evidence_is_old_load(access->flags));
    bool acquires = variable && access->flags & RACE_READ;
    if (variable)
        watch_stack(access->thread, at);
    if (is_atomic)
        access->kind |= CELL_ATOMIC;
    if (acquires && is_atomic)
        race_sync_acquire(access, at, variable);
    bool entered = !access->tag || enter_chain(access, at, head);
    if (acquires && !is_atomic) /* it races with what it gets, but what that guards is not told on top */
        race_sync_acquire(access, at, variable);
    if (variable && access->flags & RACE_WRITE)
        race_sync_release(access, variable);
    access->kind = kind;
    return entered;
}

static bool orders(const struct race_access *access, uint32_t head)
{
    return access->flags & RACE_ATOMIC || !access->tag || (head && race_cells_of(access->races, head)->has_variable);
}

/* Nothing is new, but that this thread reads now. */
static uint64_t same_again(const struct race_access *access, uint32_t head, uint64_t tags)
{
    if (!takes_turn(access->thread->race.local))
        return tags;
    return known_tags(access->det, access->thread, head, tags, access->tag, false);
}

/* A granule that has a record, or needs one. */
static NOINLINE uint64_t access_chain(struct race_access *access, uintptr_t at, struct granule *granule, uint64_t tags)
{
    struct races *races = access->races;
    struct thread *thread = access->thread;
    uint32_t head = head_of(races, thread, granule, tags);
    if (UNLIKELY(!head))
        return lose(access->det, thread, granule, 0);
    bool ordering = orders(access, head), kept = true;
    access->changed = ordering;
    if (UNLIKELY(ordering ? !enter_ordering(access, at, head) : !enter_chain(access, at, head)))
        return lose(access->det, thread, granule, head);
    if (!access->changed)
        return same_again(access, head, tags);
    return close(access->det, thread, granule, race_cells_of(races, head), head, tags, access->tag,
                 access->tag && access->kind & CELL_WRITE, &kept);
}

uint64_t race_cells_access(struct race_access *access, uintptr_t at, struct granule *granule, uint64_t tags)
{
    struct race_cells words;
    bool kept = true;
    hb_find_common(access->det);
    if (words_head(*granule->sites) || orders(access, 0))
        return access_chain(access, at, granule, tags);
    words_to_cells(tags, *granule->sites, &words);
    access->changed = false;
    (void)enter(access, at, &words); /* there is room for a third */
    if (!access->changed)
        return tags;
    tags = close(access->det, access->thread, granule, &words, 0, tags, access->tag, access->kind & CELL_WRITE, &kept);
    return LIKELY(kept) ? tags : lose(access->det, access->thread, granule, 0);
}

uint64_t race_cells_clear(struct detector *det, struct thread *thread, struct granule *granule, uint64_t tags, uint8_t mask)
{
    bool kept;
    uint32_t head = head_of(det->races, thread, granule, tags);
    if (!head)
        return lose(det, thread, granule, 0);
    end_variables(det, head, mask);
    FOR_EACH_CELL(det->races, head, cell)
        *cell_mask(cell) &= (uint8_t)~mask;
    return close(det, thread, granule, race_cells_of(det->races, head), head, tags, 0, true, &kept);
}

uint64_t race_cells_forget(struct detector *det, struct thread *thread, struct granule *granule, uint64_t tags,
                           const uint64_t *slots)
{
    bool kept;
    uint32_t head = head_of(det->races, thread, granule, tags);
    if (!head)
        return lose(det, thread, granule, 0);
    FOR_EACH_CELL(det->races, head, cell)
        if (cell_kind(cell) != CELL_SYNC && hb_has_slot(slots, cell->tag))
            *cell_mask(cell) = 0;
    return close(det, thread, granule, race_cells_of(det->races, head), head, tags, 0, true, &kept);
}

uint64_t race_cells_make_variable(struct race_access *access, struct granule *granule, uint64_t tags, uint8_t mask)
{
    bool kept;
    struct races *races = access->races;
    uint32_t head = head_of(races, access->thread, granule, tags);
    if (!head)
        return lose(access->det, access->thread, granule, 0);
    (void)race_sync_of(access, head, mask);
    return close(access->det, access->thread, granule, race_cells_of(races, head), head, tags, 0, true, &kept);
}
