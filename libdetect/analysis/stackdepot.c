/* SPDX-License-Identifier: MIT */
/* Interned stacks; see stackdepot.h. Called by the unwinder for each walk of a stack, by the analysis and
 * the report writer to read. Hard rules: a record never moves or changes once its id is out; one lock
 * (RANK_DEPOT) for writers, none for readers. */
#include "analysis/stackdepot.h"

#include <string.h>

#include "base/atomic.h"
#include "base/hash.h"
#include "base/spin.h"

#define CHUNK_BITS 10
#define CHUNK_STACKS (1u << CHUNK_BITS)
#define CHUNKS (1u << 14)
#define FIRST_BUCKETS 1024u

_Static_assert((uint64_t)CHUNK_STACKS * CHUNKS <= UINT32_MAX, "ids fit 32 bits");

struct record {
    struct record *next; /* in its bucket; under the lock */
    uint32_t hash;
    uint32_t id;
    uint32_t count;
    frame_t frames[];
};

struct stackdepot {
    struct spin lock;
    struct arena *arena;
    struct record **buckets; /* a power of two, at most as many stacks as buckets */
    uint32_t bucket_count;
    uint32_t last_id;
    struct record **chunks[CHUNKS]; /* id -> record; published once, read without the lock */
};

struct stackdepot *depot_create(struct arena *arena)
{
    struct stackdepot *depot = arena_alloc(arena, sizeof(*depot));
    if (!depot)
        return NULL;
    depot->buckets = arena_alloc(arena, FIRST_BUCKETS * sizeof(*depot->buckets));
    if (!depot->buckets) {
        arena_free(arena, depot, sizeof(*depot));
        return NULL;
    }
    depot->bucket_count = FIRST_BUCKETS;
    depot->arena = arena;
    spin_init(&depot->lock, RANK_DEPOT);
    return depot;
}

static uint32_t hash_frames(const frame_t *frames, uint32_t count)
{
    uint64_t hash = count;
    for (uint32_t i = 0; i < count; i++)
        hash = hash_mix(hash, frames[i]);
    return (uint32_t)hash;
}

static size_t record_bytes(uint32_t count)
{
    return sizeof(struct record) + count * sizeof(frame_t);
}

/* Doubles the buckets; without memory the chains just get longer. */
static void grow(struct stackdepot *depot)
{
    uint32_t new_count = depot->bucket_count * 2;
    struct record **larger = arena_alloc(depot->arena, new_count * sizeof(*larger));
    if (!larger)
        return;
    for (uint32_t i = 0; i < depot->bucket_count; i++)
        for (struct record *record = depot->buckets[i], *next; record; record = next) {
            next = record->next;
            struct record **bucket = &larger[record->hash & (new_count - 1)];
            record->next = *bucket;
            *bucket = record;
        }
    arena_free(depot->arena, depot->buckets, depot->bucket_count * sizeof(*larger));
    depot->buckets = larger;
    depot->bucket_count = new_count;
}

/* Makes the record readable under its id. */
static bool publish(struct stackdepot *depot, struct record *record)
{
    uint32_t chunk_index = record->id >> CHUNK_BITS;
    if (chunk_index >= CHUNKS)
        return false;
    struct record **chunk = depot->chunks[chunk_index];
    if (!chunk) {
        chunk = arena_alloc(depot->arena, CHUNK_STACKS * sizeof(*chunk));
        if (!chunk)
            return false;
        store_release(&depot->chunks[chunk_index], chunk); /* pairs with find_record */
    }
    store_release(&chunk[record->id & (CHUNK_STACKS - 1)], record); /* pairs with find_record */
    return true;
}

static struct record *add(struct stackdepot *depot, const frame_t *frames, uint32_t count,
                          uint32_t hash)
{
    struct record *record = arena_alloc(depot->arena, record_bytes(count));
    if (!record)
        return NULL;
    record->hash = hash;
    record->count = count;
    record->id = depot->last_id + 1;
    memcpy(record->frames, frames, count * sizeof(*frames));
    if (!publish(depot, record)) {
        arena_free(depot->arena, record, record_bytes(count));
        return NULL;
    }
    depot->last_id++;
    if (depot->last_id > depot->bucket_count)
        grow(depot);
    struct record **bucket = &depot->buckets[hash & (depot->bucket_count - 1)];
    record->next = *bucket;
    *bucket = record;
    return record;
}

stack_id depot_intern(struct stackdepot *depot, const frame_t *frames, uint32_t count)
{
    if (count == 0)
        return STACK_NONE;
    if (count > STACK_MAX_FRAMES)
        count = STACK_MAX_FRAMES;
    uint32_t hash = hash_frames(frames, count);
    spin_lock(&depot->lock);
    struct record *record = depot->buckets[hash & (depot->bucket_count - 1)];
    while (record && (record->hash != hash || record->count != count ||
                      memcmp(record->frames, frames, count * sizeof(*frames)) != 0))
        record = record->next;
    if (!record)
        record = add(depot, frames, count, hash);
    spin_unlock(&depot->lock);
    return record ? record->id : STACK_NONE;
}

/* Pairs with publish(). */
static const struct record *find_record(const struct stackdepot *depot, stack_id id)
{
    if (id == STACK_NONE || id >> CHUNK_BITS >= CHUNKS)
        return NULL;
    struct record **chunk = load_acquire(&depot->chunks[id >> CHUNK_BITS]);
    return chunk ? load_acquire(&chunk[id & (CHUNK_STACKS - 1)]) : NULL;
}

struct stack_view depot_get(const struct stackdepot *depot, stack_id id)
{
    const struct record *record = find_record(depot, id);
    if (!record)
        return (struct stack_view){NULL, 0};
    return (struct stack_view){record->frames, record->count};
}

uint64_t depot_top(const struct stackdepot *depot, stack_id id)
{
    const struct record *record = find_record(depot, id);
    return record ? record->frames[0] : 0;
}

uint64_t depot_count(const struct stackdepot *depot) { return load_relaxed(&depot->last_id); }

void depot_reset_locks(struct stackdepot *depot) { spin_reset(&depot->lock); }
