/* SPDX-License-Identifier: MIT */
/* Records of one size under numbers of 31 bits, for shadow memory, whose words have no room for pointers. Numbers start
 * at 1. Each thread keeps some that it has given back; a lock (RANK_RACE) is taken for a batch of them. Free records are
 * chained by their first four bytes. Used from call-outs of translated code. */
#ifndef DETECT_ANALYSIS_POOL_H
#define DETECT_ANALYSIS_POOL_H

#include "analysis/race_thread.h"
#include "base/arena.h"
#include "base/atomic.h"

#define POOL_CHUNK_BITS 11
#define POOL_CHUNK_RECORDS (1u << POOL_CHUNK_BITS)
#define POOL_CHUNKS (1u << 16)

struct pool {
    struct spin *lock;
    struct arena *arena;
    uint32_t bytes;       /* of a record */
    uint32_t last;        /* highest number given out */
    uint32_t free_first;  /* given back by threads */
    char **chunks;
    uint64_t lost;
};

/* lock: the caller's, RANK_RACE. */
bool pool_init(struct pool *pool, struct arena *arena, struct spin *lock, uint32_t bytes);
/* Not zeroed. 0 when out of memory. */
uint32_t pool_take_slow(struct pool *pool, struct pool_cache *cache);
void pool_give_slow(struct pool *pool, struct pool_cache *cache);
/* All that the thread keeps goes back. */
void pool_drain(struct pool *pool, struct pool_cache *cache);

static inline void *pool_record(const struct pool *pool, uint32_t number)
{
    /* Pairs with the release of a new chunk. */
    return load_acquire(&pool->chunks[number >> POOL_CHUNK_BITS]) +
           (size_t)(number & (POOL_CHUNK_RECORDS - 1)) * pool->bytes;
}

static inline uint32_t pool_take(struct pool *pool, struct pool_cache *cache)
{
    uint32_t number = cache->first;
    if (UNLIKELY(!number))
        return pool_take_slow(pool, cache);
    cache->first = *(const uint32_t *)pool_record(pool, number);
    cache->count--;
    return number;
}

#define POOL_KEPT 512u

static inline void pool_give(struct pool *pool, struct pool_cache *cache, uint32_t number)
{
    *(uint32_t *)pool_record(pool, number) = cache->first;
    cache->first = number;
    if (UNLIKELY(++cache->count > POOL_KEPT))
        pool_give_slow(pool, cache);
}

#endif
