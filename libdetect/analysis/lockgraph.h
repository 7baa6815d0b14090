/* SPDX-License-Identifier: MIT */
/* The acquisition tree: which locks were taken while which were held, and whether that can deadlock.
 *
 * What a thread holds is a node: the root is "nothing", a child is "and then this lock in this mode".
 * Taking lock m at node n is a look-up of child (n, m). Only acquisitions made while something is held
 * concern the tree (and see LG_WRITER_FIRST): a lock that is taken alone needs no call at all.
 *
 * Each node keeps instances: a thread came here, at this hard clock, with these stacks. An acquisition
 * that never waits (try), or whose wait ends by itself (timed), makes a node but no instance: it can be
 * held in a deadlock, but not be what is waited for in one. An instance that is new starts a search for
 * cycles; a cycle is handed to on_cycle if it can really happen (lockgraph_search.c says how).
 *
 * How the caller (analysis/held.c) uses it, for a thread that holds h[0..k-1] in order of acquisition
 * and takes m:
 *   1. Each held entry remembers its node: that of h[0..i]. After an unlock out of order the entries
 *      above are LG_UNKNOWN; lg_find(), else lockgraph_child() under the lock, gives them anew.
 *   2. child = lg_find(cache, node of h[k-1], lg_key(uid of m, mode, flags), hard epoch): no lock.
 *   3. LG_UNKNOWN: take RANK_ANALYSIS and call lockgraph_acquire(), which also fills the cache.
 *   If these return LG_UNKNOWN there is no room, or a held lock has died: nothing is entered, and the
 *   next acquisition tries again.
 * Recursive re-acquisition of a lock gives no call. Exception: a thread that reads a writer-first rwlock
 * that it holds for reading already waits for a writer in between that waits for it.
 *
 * Nodes that gave way (stats.forgotten) are still in the caches that knew them: an acquisition that lg_find() finds there
 * is entered again only after lg_cache_clear().
 *
 * Thread-safety: lg_find() reads the calling thread's own cache. Everything else under the caller's lock.
 * Cost: lg_find 2 to 3 ns; lockgraph_child and lockgraph_acquire of what exists O(1) + O(instances of
 * the node); a new instance O(locks held) + the order of locks + the search, which is skipped as long as all
 * locks are taken in one order, whatever it is. */
#ifndef DETECT_ANALYSIS_LOCKGRAPH_H
#define DETECT_ANALYSIS_LOCKGRAPH_H

#include "analysis/finding.h"
#include "analysis/stackdepot.h"
#include "analysis/vclock.h"
#include "base/arena.h"

/* A lock's identity: a number per generation of a lock, never used again, 1 .. LG_MAX_UID. */
typedef uint64_t lock_uid;
#define LG_MAX_UID ((1ull << 62) - 1)

/* A node:  39..22 generation, 21..0 index. Never means another node later. */
typedef uint64_t lg_node;
#define LG_INDEX_BITS 22
#define LG_GENERATION_BITS 18
#define LG_ROOT ((lg_node)0)
#define LG_UNKNOWN (~(lg_node)0)

enum lg_flag {
    LG_SHARED = 1 << 0,       /* mode is MODE_SHARED */
    LG_WAITS = 1 << 1,        /* would wait for ever: neither try nor timed */
    LG_WRITER_FIRST = 1 << 2, /* rwlock whose readers wait behind a waiting writer. Taking one exclusively
                                 concerns the tree even while nothing is held */
};

/* --- a thread's cache of look-ups ------------------------------------------------------------------ */

/* Which step, and what came of it. Four of them share a cache line: the places that one step may have. */
struct lg_cache_entry {
    uint64_t step;   /* lg_step(): two steps that are looked for have the same one with a chance of 2^-64 */
    uint64_t result; /* 63..24 child, 23..0 epoch (lg_epoch); 0: empty */
};

#define LG_WAYS 4u
#define LG_RESULT_EPOCH_BITS 24
_Static_assert(LG_WAYS * sizeof(struct lg_cache_entry) == 64, "one cache line");
_Static_assert(LG_GENERATION_BITS + LG_INDEX_BITS + LG_RESULT_EPOCH_BITS == 64, "lg_cache_entry.result");

struct lg_cache {
    struct lg_cache_entry *entries; /* NULL: empty */
    uint32_t mask;
    /* Of the present round of insertions, one for each entry: how many there were, and how many pushed out a good one. */
    uint32_t insertions, conflicts;
};

/* 63..2 uid, 1 waits, 0 shared */
static inline uint64_t lg_key(lock_uid uid, unsigned flags)
{
    return uid << 2 | (flags & (LG_SHARED | LG_WAITS));
}

static inline uint64_t lg_step(lg_node from, uint64_t key)
{
    return from * 0x9e3779b97f4a7c15u ^ key * 0xc4ceb9fe1a85ec53u;
}

/* The first of the places that the step may have. */
static inline uint32_t lg_cache_index(const struct lg_cache *cache, uint64_t step)
{
    return (uint32_t)(step >> 40) & cache->mask & ~(LG_WAYS - 1);
}

/* The epoch that an entry is good for: with LG_WAITS its last 24 bits (an acquisition is not entered anew if exactly a multiple
 * of 2^24 releases came in between), without it none. */
static inline uint32_t lg_epoch(uint64_t key, uint32_t epoch)
{
    return epoch & -((uint32_t)key >> 1 & 1) & ((1u << LG_RESULT_EPOCH_BITS) - 1);
}

/* The child, if this thread made this very acquisition before (with LG_WAITS: under the same hard
 * epoch); else LG_UNKNOWN. */
static inline lg_node lg_find(const struct lg_cache *cache, lg_node from, uint64_t key,
                              uint32_t epoch)
{
    if (UNLIKELY(!cache->entries))
        return LG_UNKNOWN;
    uint64_t step = lg_step(from, key);
    const struct lg_cache_entry *entry = &cache->entries[lg_cache_index(cache, step)];
    for (const struct lg_cache_entry *end = entry + LG_WAYS; entry->step != step;)
        if (++entry == end)
            return LG_UNKNOWN;
    uint64_t other = entry->result ^ lg_epoch(key, epoch);
    return LIKELY(other << (64 - LG_RESULT_EPOCH_BITS) == 0) ? other >> LG_RESULT_EPOCH_BITS : LG_UNKNOWN;
}

struct lockgraph;

/* The memory goes back; the cache is empty. At the thread's end, and in the child of a fork. */
void lg_cache_clear(struct lg_cache *cache, struct lockgraph *graph);

/* --- cycles ---------------------------------------------------------------------------------------- */

struct lg_held {
    lock_uid uid;
    stack_id stack; /* of its acquisition */
    uint8_t mode;   /* enum lock_mode */
};

/* One thread of a cycle: it wants what the next member (the first after the last) holds. */
struct lg_member {
    thread_id thread;
    lock_uid wants;
    uint8_t wants_mode;
    /* Of a reader of a writer-first rwlock: the next member does not hold it, but waits to write it. */
    bool behind_writer;
    stack_id wants_stack;
    /* What the member before this one wants; 0 if that one is behind_writer. */
    struct lg_held holds;
    lg_node node; /* for lockgraph_held */
    const struct lg_instance *instance;
};

struct lg_cycle {
    struct lockgraph *graph;
    const struct lg_member *members;
    uint32_t length;
};

struct lockgraph_env {
    void *ctx;
    /* A cycle that can deadlock; no two of its members could make a shorter one. It may come again, with
     * other threads, other places or other locks: see lockgraph_cycle_keys(). Under the
     * caller's lock; must not call back into the graph but by lockgraph_held(). */
    void (*on_cycle)(void *ctx, const struct lg_cycle *cycle);
};

struct lockgraph_limits {
    uint32_t nodes;            /* 0: 4 million: beyond them nothing is entered */
    uint32_t deep_nodes;       /* 0: 256 Ki: with more nodes than that, a new one takes the place of one for three
                                  locks or more, if such a leaf is found soon */
    uint32_t search_steps;     /* 0: 200,000: work of one search, some 10 to 50 ns each */
    uint32_t instances;        /* 0: 64: per node, and of those… */
    uint32_t thread_instances; /* 0: 4: per thread */
    uint32_t cycles;           /* 0: 16: handed over per search */
    uint32_t retries;          /* 0: 256: searches per node for a cycle that order alone has ruled out,
                                  before only those under every 64th epoch are */
};

struct lockgraph_stats {
    uint64_t nodes, instances, locks, trails; /* now */
    uint64_t cycles_checked, cycles_pruned;   /* closed candidates; impossible ones among them */
    uint64_t searches;                        /* got past the cheap rejects */
    uint64_t full;                            /* acquisitions not entered: no memory, or the limit */
    uint64_t forgotten;                       /* nodes that gave way to others */
    uint64_t cut;                             /* searches that ran out of their budget */
};

/* limits NULL: defaults. NULL when out of memory. */
struct lockgraph *lockgraph_create(struct arena *arena, struct vc_domain *clocks,
                                   const struct lockgraph_env *env,
                                   const struct lockgraph_limits *limits);

/* --- acquisitions ---------------------------------------------------------------------------------- */

struct lg_request {
    thread_id thread;
    const struct vc_clock *clock; /* hard */
    const struct lg_held *held;   /* what the thread holds: the locks of the path to `from`, in its order */
    uint32_t held_count;
    lock_uid uid;
    unsigned flags; /* enum lg_flag */
    stack_id stack;
};

/* The thread has taken, or is about to take (either will do, once), a lock at node `from`. Returns the
 * child or LG_UNKNOWN. May call on_cycle. */
lg_node lockgraph_acquire(struct lockgraph *graph, struct lg_cache *cache, lg_node from,
                          const struct lg_request *request);
/* Only the node: to find again the place of locks that are held already. The cache then answers
 * lg_find() with the key of these flags without LG_WAITS, under any epoch. */
lg_node lockgraph_child(struct lockgraph *graph, struct lg_cache *cache, lg_node from, lock_uid uid,
                        unsigned flags);

/* Whether the node still stands: none of its locks has died, and it has not given way to another one. */
bool lockgraph_alive(const struct lockgraph *graph, lg_node node);

/* The lock is no more (destroyed, freed, initialised again): all nodes that it is part of go. Held
 * entries that point there must be set to LG_UNKNOWN by their threads; until then they are harmless. */
void lockgraph_lock_dead(struct lockgraph *graph, lock_uid uid);
/* The object turned out not to be a lock (a semaphore posted by others): it neither blocks nor guards
 * from now on. What it guarded so far is searched again: may call on_cycle. */
void lockgraph_not_a_lock(struct lockgraph *graph, lock_uid uid);
/* Child of a fork: what the threads did before cannot meet what the child does. The surviving thread's
 * cache must be cleared too. */
void lockgraph_forked(struct lockgraph *graph);

/* What the member holds while it waits, oldest first: the `max` taken last. Returns how many there are. */
uint32_t lockgraph_held(const struct lg_cycle *cycle, const struct lg_member *member,
                        struct lg_held *out, uint32_t max);

struct lockgraph_stats lockgraph_stats(const struct lockgraph *graph);
/* Distinct "held x, took y" pairs; O(sum of the depths of all nodes), stops counting at `max`. */
uint64_t lockgraph_order_count(struct lockgraph *graph, uint64_t max);
bool lockgraph_is_valid(struct lockgraph *graph);

/* --- findings (lockgraph_report.c) ------------------------------------------------------------------- */

/* Two names for the mistake: by the code places, and by the locks. It is the same mistake as an earlier
 * one with either name: 1,000 objects locked wrongly by the same code, or two locks taken in the wrong order
 * in several places. For finding_is_new_any(). */
void lockgraph_cycle_keys(const struct lg_cycle *cycle, const struct stackdepot *depot,
                          uint64_t keys[2]);
/* The first of these for threads that wait for each other right now: thread i waits at wants[i], and took
 * what the one before it waits for at holds[i]. */
uint64_t lockgraph_places_key(const struct stackdepot *depot, const stack_id *holds,
                              const stack_id *wants, uint32_t count);
/* The second of these for threads that wait for each other right now: uids[i] is wanted by thread i and
 * held by thread i + 1. */
uint64_t lockgraph_locks_key(const lock_uid *uids, uint32_t count);
/* A lock-order finding, all but its number. `describe` says what is known of a lock. */
void lockgraph_fill_finding(const struct lg_cycle *cycle, struct finding *finding,
                            void (*describe)(void *ctx, lock_uid uid, struct finding_object *object),
                            void *ctx);

#endif
