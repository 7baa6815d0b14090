/* SPDX-License-Identifier: MIT */
/* Numbered records; see pool.h. Called by race_cells.c and race_sync.c. Hard rules: general registers only, nothing of
 * libc. */
#include "analysis/pool.h"

#define BATCH 64u

bool pool_init(struct pool *pool, struct arena *arena, struct spin *lock, uint32_t bytes)
{
    *pool = (struct pool){.arena = arena, .lock = lock, .bytes = bytes};
    pool->chunks = arena_alloc(arena, POOL_CHUNKS * sizeof(*pool->chunks));
    return pool->chunks != NULL;
}

static uint32_t next_of(const struct pool *pool, uint32_t number)
{
    return *(const uint32_t *)pool_record(pool, number);
}

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
        store_release(&pool->chunks[chunk], records); /* pairs with pool_record() */
    }
    return pool->last = number;
}

static uint32_t take_locked(struct pool *pool)
{
    uint32_t number = pool->free_first;
    if (!number)
        return fresh(pool);
    pool->free_first = next_of(pool, number);
    return number;
}

uint32_t pool_take_slow(struct pool *pool, struct pool_cache *cache)
{
    spin_lock(pool->lock);
    for (uint32_t i = 0; i < BATCH; i++) {
        uint32_t number = take_locked(pool);
        if (!number)
            break;
        *(uint32_t *)pool_record(pool, number) = cache->first;
        cache->first = number;
        cache->count++;
    }
    if (!cache->first)
        pool->lost++;
    spin_unlock(pool->lock);
    uint32_t number = cache->first;
    if (number) {
        cache->first = next_of(pool, number);
        cache->count--;
    }
    return number;
}

static void give_back(struct pool *pool, struct pool_cache *cache, uint32_t keep)
{
    spin_lock(pool->lock);
    while (cache->first && cache->count > keep) {
        uint32_t number = cache->first;
        cache->first = next_of(pool, number);
        cache->count--;
        *(uint32_t *)pool_record(pool, number) = pool->free_first;
        pool->free_first = number;
    }
    spin_unlock(pool->lock);
}

void pool_give_slow(struct pool *pool, struct pool_cache *cache) { give_back(pool, cache, POOL_KEPT / 2); }

void pool_drain(struct pool *pool, struct pool_cache *cache)
{
    cache->count = UINT32_MAX; /* of a thread that a fork has stopped, it may be wrong by one */
    give_back(pool, cache, 0);
    cache->count = 0;
}
