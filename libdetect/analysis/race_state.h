/* SPDX-License-Identifier: MIT */
/* What race detection consists of; for the files behind race.h only.
 *
 * What is remembered of a granule are *cells*: an access, and the bytes that it stands for. Two of them, plain reads or
 * writes, fit into the granule's shadow words (race_words.h). Where there are more, or synchronisation variables, the sites word has
 * SITES_IN_CELLS and the number of the first record of cells, and the tags are only what translated code may skip: words
 * that would be true of the cells. 0 if there is a variable. */
#ifndef DETECT_ANALYSIS_RACE_STATE_H
#define DETECT_ANALYSIS_RACE_STATE_H

#include "analysis/calltree.h"
#include "analysis/hb.h"
#include "analysis/pool.h"
#include "analysis/race_words.h"
#include "analysis/shadow.h"
#include "analysis/site.h"
#include "analysis/state.h"

enum cell_kind { CELL_READ = 0, CELL_WRITE = 1, CELL_ATOMIC = 2, CELL_SYNC = 4 };

/* One access to some bytes of a granule. CELL_SYNC: a variable, whose number in races.syncs is in `tag`.
 *   what   31      27 26   24 23       0
 *         |    0     | kind  |  site    | */
struct race_cell {
    uint32_t tag;
    uint32_t what;
};

#define CELL_SITE_BITS 24
_Static_assert(SITE_MOST < 1u << CELL_SITE_BITS, "sites fit");

static inline uint8_t cell_kind(const struct race_cell *cell) { return (uint8_t)(cell->what >> CELL_SITE_BITS); }
static inline race_site cell_site(const struct race_cell *cell) { return cell->what & ((1u << CELL_SITE_BITS) - 1); }
static inline uint32_t cell_what(uint8_t kind, race_site site) { return (uint32_t)kind << CELL_SITE_BITS | site; }

#define CELLS_PER_RECORD 3

struct race_cells {
    uint32_t next; /* 0 none; the pool's link when it is free */
    uint8_t masks[CELLS_PER_RECORD]; /* of each cell, bit i: byte i; 0: the cell is free */
    bool has_variable;               /* the first record: one of the chain's cells is CELL_SYNC */
    struct race_cell cells[CELLS_PER_RECORD];
};

_Static_assert(sizeof(struct race_cells) == 32, "two to a cache line");

static inline void words_to_cells(uint64_t tags, uint64_t sites, struct race_cells *record)
{
    record->next = 0;
    record->has_variable = false;
    record->masks[2] = 0;
    for (unsigned place = LOW; place <= HIGH; place++) {
        struct part part = words_part(tags, sites, place);
        record->masks[place] = part.mask;
        record->cells[place] = (struct race_cell){part.tag, cell_what(part.writes ? CELL_WRITE : CELL_READ, part.site)};
    }
}

/* Records are aligned to their size. */
static inline uint8_t *cell_mask(const struct race_cell *cell)
{
    struct race_cells *record = (struct race_cells *)((uintptr_t)cell & ~(sizeof(struct race_cells) - 1));
    return &record->masks[cell - record->cells];
}

/* What was released on a synchronisation variable. Under its granule's lock. */
struct race_sync {
    uint32_t next; /* the pool's link when it is free */
    uint32_t reserved;
    struct vc_time time;
};

struct race_benign {
    struct race_benign *next;
    uintptr_t start, end;
};

enum race_lock { RACE_LOCK_CELLS, RACE_LOCK_SYNCS, RACE_LOCK_BENIGN, RACE_LOCKS };

struct races {
    struct arena *arena;
    struct shadow shadow;
    struct intern calls;
    struct site_table sites;
    struct pool cells, syncs;
    struct spin locks[RACE_LOCKS]; /* RANK_RACE */
    struct race_benign *benign;   /* readers need no lock */
    uint32_t doubt;               /* not 0: order may have been missed */
    uint64_t granules_lost;       /* histories dropped for lack of memory */
    uint64_t sweeps_blind;        /* race_sweep() */
    uint64_t findings_lost;
    struct race_told *told;       /* findings so far, under the analysis lock */
    uint32_t moves_told;          /* of them: between plain moves, of what may turn out to be atomic */
};

/* Erases the tags of slots whose epochs have run out, and gives these back (hb.h). Where too few are known by all running threads,
 * because one of them has slept for long, of others as well: a race of that one's with what was done so long ago is then missed, which
 * is counted. Under the analysis lock. Looks at all shadow memory: milliseconds for each 10 MB that the program has touched. */
void race_sweep(struct detector *det, struct thread *thread);

/* detector_watch_races() with fewer slots and epochs, for tests. */
bool races_watch(struct detector *det, const struct race_shadow *shadow, uint32_t slots, unsigned epoch_bits);

/* fork, as in detector.h. The child forgets what the parent has told. */
void races_freeze(struct detector *det);
void races_thaw(struct detector *det);
void races_forked(struct detector *det);
void race_forget_told(struct detector *det);
void races_count_losses(const struct races *races, struct detector_losses *losses);

/* --- one access under way ------------------------------------------------------------------------------------------ */

struct race_access {
    struct detector *det;
    struct races *races;
    struct thread *thread;
    uint32_t tag;
    uint8_t kind; /* CELL_READ, CELL_WRITE, CELL_ATOMIC */
    uint8_t mask; /* the bytes of the granule under way */
    bool changed; /* its cells are not what they were */
    uint32_t flags;
    race_site site; /* 0 not yet known: race_access_site() */
    uint32_t call;
    uintptr_t pc;
    size_t size;
};

race_site race_site_find(struct race_access *access);
static ALWAYS_INLINE race_site race_access_site(struct race_access *access)
{
    if (!access->site)
        access->site = race_site_find(access);
    return access->site;
}

/* The site of a part of a granule whose bytes in `mask` are from a, the others from b. */
race_site race_pair_find(struct races *races, struct race_local *local, race_site a, uint8_t mask, race_site b);

/* The bytes from `offset` on in a granule. */
static inline uint8_t race_mask(uintptr_t offset, size_t size)
{
    return (uint8_t)(((1u << size) - 1) << offset);
}

/* race.c: an access by this thread begins. False: the thread is not looked at. */
bool race_begin(struct race_access *access, struct detector *det, struct thread *thread, uint32_t flags);
/* Its part in one granule. */
void race_step(struct race_access *access, uintptr_t at, uint8_t mask);

/* The access's bytes `mask` of the granule conflict with an earlier access that nothing orders. */
void race_conflict(struct race_access *access, uintptr_t granule, uint8_t mask, uint32_t tag, uint8_t kind, race_site site);

/* The memory is given back: a write that also ends what is in it. */
#define RACE_ENDS (RACE_FREE | RACE_UNMAP)

/* --- cells (race_cells.c); all with the granule locked ----------------------------------------------------------------- */

/* The access (its part in access->mask) checked against the granule's cells and entered; the words may become plain again. Returns the tags. */
uint64_t race_cells_access(struct race_access *access, uintptr_t at, struct granule *granule, uint64_t tags);
static inline struct race_cells *race_cells_of(const struct races *races, uint32_t number)
{
    return (struct race_cells *)pool_chunk(&races->cells, number) + (number & (POOL_CHUNK_RECORDS - 1));
}

/* Free ones as well: those whose mask is 0. */
#define FOR_EACH_CELL(races, head, cell)                                                                               \
    for (uint32_t record_ = (head); record_; record_ = race_cells_of((races), record_)->next)                          \
        for (struct race_cell *cell = race_cells_of((races), record_)->cells, *end_ = cell + CELLS_PER_RECORD;         \
             cell < end_; cell++)

/* A free cell of the chain, which may get longer. NULL: out of memory. */
struct race_cell *race_cells_new(struct races *races, struct thread *thread, uint32_t head);
/* Part of a cell's bytes become a cell of their own; NULL: out of memory. */
struct race_cell *race_cells_split(struct races *races, struct thread *thread, uint32_t head, struct race_cell *cell,
                                   uint8_t mask);
/* The bytes become a synchronisation variable. Returns the tags. */
uint64_t race_cells_make_variable(struct race_access *access, struct granule *granule, uint64_t tags, uint8_t mask);
/* Cells go whose tags are of these slots (a bit each, of HB_SLOT_WORDS). Returns the tags. */
uint64_t race_cells_forget(struct detector *det, struct thread *thread, struct granule *granule, uint64_t tags,
                           const uint64_t *slots);
/* The bytes have no history any more. Returns the tags. */
uint64_t race_cells_clear(struct detector *det, struct thread *thread, struct granule *granule, uint64_t tags, uint8_t mask);

/* --- synchronisation variables (race_sync.c) ------------------------------------------------------------------------------ */

/* The variable that the access's bytes are of; an atomic access makes one. NULL: none. */
struct race_cell *race_sync_of(struct race_access *access, uint32_t head, uint8_t mask);
bool race_is_variable(struct detector *det, uintptr_t address, size_t size);
/* What the access orders: it acquires if it reads, before the check; it releases if it writes, after it. */
void race_sync_acquire(struct race_access *access, uintptr_t at, const struct race_cell *variable);
void race_sync_release(struct race_access *access, struct race_cell *variable);
void race_sync_end(struct detector *det, struct race_cell *variable);
/* A read follows a write that nothing orders: it is ordered from here on, if evidence.h has it so. */
void race_sync_follow(struct race_access *access, uint32_t tag, race_site writer);
/* A read that may be such a one: what it got is known after it. */
static inline void race_sync_note(struct race_access *access, uintptr_t at, uint8_t mask)
{
    struct race_thread *own = &access->thread->race;
    own->pending = at;
    own->pending_mask = mask;
    own->pending_flags = access->flags;
}

/* --- findings (race_found.c, race_report.c) ------------------------------------------------------------------- */

struct race_finding {
    uintptr_t address; /* of the bytes that both accesses touch */
    size_t size;
    uint32_t previous_tag;
    race_site previous, current;
    uint8_t previous_kind;
    bool doubt;
    uint32_t times;
};

#define RACE_FINDINGS 16u
#define RACE_SITE_CACHE_BITS 9
#define RACE_SEEN 64u

struct site_cache_entry {
    uint64_t pc_flags, call_locks_size;
    race_site number; /* 0: none */
};

/* Two sites between which this thread has seen races already. */
struct race_seen {
    race_site previous, current;
    uint32_t times, told;
};

/* Sites of two parts of a granule (site_pair), as they were last asked for. */
#define RACE_PAIR_BITS 9
struct pair_cache_entry {
    race_site a, b;
    uint32_t mask;
    race_site number;
};

/* Nodes of calls, as they were last asked for. */
#define RACE_CALL_CACHE_BITS 8u
struct call_cache_entry {
    uintptr_t return_pc; /* 0: none */
    race_site parent, node;
};

/* Numbers of sets of locks: that of `outer`, and this lock taken at this place besides. */
#define RACE_LOCKS_CACHE_BITS 6u
struct locks_cache_entry {
    uintptr_t addr; /* 0: none */
    uint32_t outer, stack, kind_mode, number;
};

struct race_local {
    bool recheck; /* a new variable may be what a finding is about */
    uint32_t finding_count;
    struct race_finding findings[RACE_FINDINGS];
    struct race_seen seen[RACE_SEEN];
    uint64_t only_counted; /* races of pairs seen before */
    uint32_t reads; /* that were entered in cells */
    struct pair_cache_entry pairs[1u << RACE_PAIR_BITS];
    struct call_cache_entry calls[1u << RACE_CALL_CACHE_BITS];
    struct locks_cache_entry locks[1u << RACE_LOCKS_CACHE_BITS];
    struct site_cache_entry sites[1u << RACE_SITE_CACHE_BITS];
};

#endif
