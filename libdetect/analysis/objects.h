/* SPDX-License-Identifier: MIT */
/* A record for each synchronisation object of the program, found by its address.
 *
 * Finding: a page table (open addressing on the number of the 4 KiB page), whose pages have a 64-bit map of
 * their 64-byte granules that contain an object and a chain of records per granule. In front of it stands a
 * direct-mapped cache per thread, which grows while the thread's objects push each other out.
 *
 * Records and pages are type-stable: memory that was one once never becomes anything else. So a reader that
 * meets a record needs no lock: it checks address, kind and state. A reader can miss a record that is being
 * moved about, never find a wrong one; who must know asks again under the lock.
 *
 *                                    | needs the lock | runs beside
 *   objects_find_in, objects_may_hold| no             | everything
 *   objects_find                     | no; exact only with it
 *   objects_add, objects_remove      | yes            | the readers above
 *
 * A record dies by free, munmap or with its stack frame (objects_remove), and gets a new identity by
 * destroy and initialisation (objects_renew): `uid` is the identity that everything else refers to. */
#ifndef DETECT_ANALYSIS_OBJECTS_H
#define DETECT_ANALYSIS_OBJECTS_H

#include "analysis/lockgraph.h"
#include "base/arena.h"
#include "base/atomic.h"
#include "event/event.h"

struct order;
struct thread;

enum object_state {
    STATE_NONE,      /* the record is on the free list */
    STATE_LIVE,
    STATE_DESTROYED, /* by the program's destroy; the address has not been used since */
};

enum object_flag {
    OBJ_RECURSIVE = 1 << 0,
    OBJ_ERRORCHECK = 1 << 1,
    OBJ_ROBUST = 1 << 2,
    OBJ_SHARED = 1 << 3,       /* other processes may act on it */
    OBJ_WRITER_FIRST = 1 << 4, /* rwlock of kind PREFER_WRITER_NONRECURSIVE */
    OBJ_STATIC = 1 << 5,       /* first seen in use, not initialised by a call */
    OBJ_ORPHANED = 1 << 7,     /* its holder was not copied by the fork that made this process */
    OBJ_OWNER_ENDED = 1 << 8,  /* its holder has ended without unlocking */
    OBJ_SIGNALLING = 1 << 9,   /* semaphore that is no lock: contradicted, or by its initial value */
    OBJ_CONFIRMED = 1 << 10,   /* semaphore that was posted by its holder at least once */
    OBJ_ORDERED = 1 << 11,     /* mutex on which a signaller has published (detector_cond.c) */
    OBJ_BLAMED = 1 << 13,      /* the present holder was told of: what follows from that is no second mistake */
};

/* What only some objects have; made when it is first needed. */
struct object_more {
    /* semaphore */
    uint64_t initial, waits; /* value at initialisation; waits that have succeeded since */
    /* condition variable */
    uint32_t waiting; /* waiters that nobody has woken yet */
    uint32_t signals; /* of those, how many have been signalled, it is not known which */
    lock_uid mutex;   /* of the last wait */
    /* barrier */
    uint32_t threads, arrived; /* of one cycle */
    uint32_t cycle;
    struct order *cycle_order[2]; /* entries of this cycle, and of the last one */
    /* the last signal, broadcast or post; semaphore: who waited last is the object's owner */
    thread_id waker;
    stack_id waker_stack;
    /* signal handlers that take the lock */
    uint64_t handlers; /* bit signo-1 */
    thread_id handler_thread;
    stack_id handler_stack;
};

/* One object of the program: what an uncontended lock operation touches, one cache line of its own. */
struct object {
    uintptr_t addr;
    struct thread *owner; /* exclusive holder, NULL none. Written by the holder without a lock */
    uint8_t kind;         /* enum object_kind */
    uint8_t state;        /* enum object_state */
    uint16_t flags;       /* enum object_flag */
    stack_id acquired_at; /* the last acquisition */
    lock_uid uid;
    lg_node alone;            /* place in the acquisition tree of a thread that holds it exclusively and nothing else; 0 not
                                 known. Written under the analysis lock, may be of a node that is gone */
    struct order *order;      /* what was published on it (sync.h); NULL nothing */
    struct object_more *more; /* NULL: nothing of it */
    uint64_t exposed;         /* signals that were unblocked, and had a handler, when ordinary code took it */
};

/* What else is known of each object: object_rest(). */
struct object_rest {
    struct object *next;   /* in the granule's chain, or in the free list */
    stack_id created_at;   /* initialisation or first use */
    stack_id destroyed_at; /* STATE_DESTROYED */
    stack_id exposed_at;
    int32_t readers;  /* shared holders; atomic */
    uint32_t waiters; /* threads whose wait is registered */
    thread_id last_owner; /* OWNER_ENDED, ORPHANED: who it was */
};

_Static_assert(sizeof(struct object) == 64, "one cache line");
_Static_assert(offsetof(struct object, alone) == offsetof(struct object, uid) + sizeof(lock_uid), "clear_record()");
_Static_assert(sizeof(struct object) + sizeof(struct object_rest) <= 96, "a million locks cost a hundred megabytes");

/* Records come in slabs. */
#define OBJECTS_IN_SLAB 2048u
struct object_slab {
    struct object records[OBJECTS_IN_SLAB];
    struct object_rest rests[OBJECTS_IN_SLAB];
};

/* uid:  61..30 generation of the record, 29..0 number of the record + 1 */
#define OBJECT_NUMBER_BITS 30
#define OBJECT_NUMBER_MASK ((1ull << OBJECT_NUMBER_BITS) - 1)

static inline struct object_rest *object_rest(const struct object *object)
{
    uint64_t place = ((object->uid & OBJECT_NUMBER_MASK) - 1) % OBJECTS_IN_SLAB;
    const struct object_slab *slab = (const struct object_slab *)(const void *)(object - place);
    return (struct object_rest *)(uintptr_t)&slab->rests[place];
}

#define OBJECT_CACHE_FIRST 128u
#define OBJECT_CACHE_LAST 8192u

struct object_cache {
    struct object **slots;
    uint32_t shift;     /* the slot's index is what is left of the mixed address */
    uint32_t conflicts; /* live objects that others pushed out since the cache grew last */
};

struct object_page {
    uint64_t number; /* address >> 12 */
    uint64_t map;    /* bit g: granule g has a chain */
    struct object *granules[64];
    struct object_page *next_free;
};

struct object_pages {
    uint64_t mask;
    struct object_page *slots[];
};

/* Of 4 KiB; a heap of so many pages and few of them with objects is told apart exactly. */
#define OBJECT_SEEN_PAGES 65536u

struct object_table {
    struct arena *arena;
    struct object_pages *pages;   /* readers load it with acquire */
    struct object_pages *spare;   /* the previous table, written again at the next rebuild */
    uint64_t version;             /* changes before and after a rebuild */
    uint64_t page_count;          /* slots used, pages without objects included */
    struct object_page *free_pages;
    struct object *free_records;
    struct object_slab **slabs; /* directory: record number -> record */
    uint32_t slab_count, slab_capacity, record_count;
    uintptr_t lowest, highest; /* no object's address ever lay outside */
    uint64_t seen[OBJECT_SEEN_PAGES / 64]; /* bit by page number: such a page has had an object at some time */
    uint64_t alive;
    uint64_t lost; /* records and pages that could not be made */
};

void objects_init(struct object_table *table, struct arena *arena);

/* Whether a record is that of this object, at this moment. */
static inline bool object_is(const struct object *object, enum object_kind kind, uintptr_t addr)
{
    return load_relaxed(&object->addr) == addr && object->kind == kind &&
           load_relaxed(&object->state) == STATE_LIVE;
}

static inline struct object **object_cache_slot(const struct object_cache *cache, uintptr_t addr)
{
    uint64_t mixed = (uint64_t)addr * 0x9e3779b97f4a7c15u;
    return &cache->slots[mixed >> cache->shift];
}

/* The live record, from this thread's cache only. */
static inline struct object *objects_cached(struct object_cache *cache, enum object_kind kind,
                                            uintptr_t addr)
{
    struct object *object = *object_cache_slot(cache, addr);
    return LIKELY(object && object_is(object, kind, addr)) ? object : NULL;
}

/* Begins to fetch the record that the address has, if it is in the cache. */
static inline void objects_prefetch(const struct object_cache *cache, uintptr_t addr)
{
    __builtin_prefetch(*object_cache_slot(cache, addr), 1);
}

/* An empty cache; false when out of memory. Its memory comes from the table's arena. */
bool objects_cache_init(struct object_table *table, struct object_cache *cache);
void objects_cache_clear(struct object_table *table, struct object_cache *cache);

/* The record in any state but NONE, NULL if there is none. */
struct object *objects_find(struct object_table *table, enum object_kind kind, uintptr_t addr);
/* The live record through the thread's cache, which is filled. */
struct object *objects_find_in(struct object_table *table, struct object_cache *cache,
                               enum object_kind kind, uintptr_t addr);

/* A new live record. NULL when out of memory (counted). The address must have none of that kind. */
struct object *objects_add(struct object_table *table, enum object_kind kind, uintptr_t addr);
/* The record is forgotten; the caller has released what it refers to. */
void objects_remove(struct object_table *table, struct object *object);
/* A new identity for the same address and kind. */
void objects_renew(struct object *object);
/* The record with this identity, NULL if it is no more. */
struct object *objects_by_uid(const struct object_table *table, lock_uid uid);

/* A filter: false is certain. */
bool objects_may_hold(struct object_table *table, uintptr_t addr, size_t size);
/* Calls visit for each record whose address lies in the range, in no order; visit may remove it. */
void objects_visit(struct object_table *table, uintptr_t addr, size_t size,
                   void (*visit)(void *ctx, struct object *object), void *ctx);
/* The same for all records. */
void objects_visit_all(struct object_table *table, void (*visit)(void *ctx, struct object *object),
                       void *ctx);

/* Bytes of an object of this kind; 0 for carriers of order only. */
size_t object_size(enum object_kind kind);
bool object_is_lock(enum object_kind kind); /* mutex, mtx, rwlock, spin */

bool objects_is_valid(struct object_table *table);

#endif
