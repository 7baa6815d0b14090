/* SPDX-License-Identifier: MIT */
/* Numbered records; see pool.h. Called by race_cells.c and race_sync.c. Hard rules: general registers only, nothing of
 * libc. */
#include "analysis/pool.h"

enum { NEXT, NEXT_MAGAZINE };

bool pool_init(struct pool *pool, struct arena *arena, struct spin *lock, uint32_t bytes)
{
    *pool = (struct pool){.arena = arena, .lock = lock, .bytes = bytes};
    pool->chunks = arena_alloc(arena, POOL_CHUNKS * sizeof(*pool->chunks));
    return pool->chunks != NULL;
}

static uint32_t *links(const struct pool *pool, uint32_t number) { return pool_record(pool, number); }

/* A number that was never used; 0 when there is no memory for it. */
static uint32_t fresh(struct pool *pool)
{
    uint32_t number = pool->last + 1, chunk = number >> POOL_CHUNK_BITS;
    if (chunk >= POOL_CHUNKS)
        return 0;
    if (!pool->chunks[chunk]) {
        char *records = arena_alloc(pool->arena, (size_t)POOL_CHUNK_RECORDS * pool->bytes);
        if (!records)
            return 0;
        store_release(&pool->chunks[chunk], records); /* pairs with pool_chunk() */
    }
    return pool->last = number;
}

/* A magazine of new records, the lowest number first. */
static void fill(struct pool *pool, struct pool_cache *cache)
{
    uint32_t before = 0;
    while (cache->count < POOL_MAGAZINE) {
        uint32_t number = fresh(pool);
        if (!number)
            return;
        links(pool, number)[NEXT] = 0;
        if (before)
            links(pool, before)[NEXT] = number;
        else
            cache->first = number;
        before = number;
        cache->count++;
    }
}

/* The thread has none left: its other magazine, a common one, or new records. */
uint32_t pool_take_slow(struct pool *pool, struct pool_cache *cache)
{
    if (cache->full) {
        cache->first = cache->full;
        cache->count = POOL_MAGAZINE;
        cache->full = 0;
        return pool_take(pool, cache);
    }
    spin_lock(pool->lock);
    cache->count = 0;
    if (pool->magazines) {
        cache->first = pool->magazines;
        cache->count = POOL_MAGAZINE;
        pool->magazines = links(pool, cache->first)[NEXT_MAGAZINE];
    } else {
        fill(pool, cache);
    }
    pool->lost += !cache->first;
    spin_unlock(pool->lock);
    return cache->first ? pool_take(pool, cache) : 0;
}

/* The thread's magazine is full: it keeps one such. */
void pool_give_slow(struct pool *pool, struct pool_cache *cache)
{
    if (cache->full) {
        spin_lock(pool->lock);
        links(pool, cache->full)[NEXT_MAGAZINE] = pool->magazines;
        pool->magazines = cache->full;
        spin_unlock(pool->lock);
    }
    cache->full = cache->first;
    cache->first = cache->count = 0;
}

void pool_drain(struct pool *pool, struct pool_cache *cache)
{
    if (!cache->full && !cache->first)
        return;
    spin_lock(pool->lock);
    uint32_t magazines[] = {cache->full, cache->first};
    for (unsigned i = 0; i < 2; i++)
        if (magazines[i]) {
            links(pool, magazines[i])[NEXT_MAGAZINE] = pool->magazines;
            pool->magazines = magazines[i];
        }
    spin_unlock(pool->lock);
    *cache = (struct pool_cache){0};
}
