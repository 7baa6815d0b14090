/* SPDX-License-Identifier: MIT */
/* Records of one size under numbers of 31 bits, for shadow memory, whose words have no room for pointers. Numbers start
 * at 1. Used from call-outs of translated code.
 *
 * A thread takes from and gives to a *magazine* of its own, a chain of free records (Bonwick and Adams, USENIX 2001);
 * full ones are exchanged with a common list under a lock (RANK_RACE). The first two words of a free record are the
 * numbers of the next one in its magazine and, in the first one, of the next magazine. */
#ifndef DETECT_ANALYSIS_POOL_H
#define DETECT_ANALYSIS_POOL_H

#include "analysis/race_thread.h"
#include "base/arena.h"
#include "base/atomic.h"

#define POOL_CHUNK_BITS 11
#define POOL_CHUNK_RECORDS (1u << POOL_CHUNK_BITS)
#define POOL_CHUNKS (1u << 16)
#define POOL_MAGAZINE 128u

struct pool {
    struct spin *lock;
    struct arena *arena;
    uint32_t bytes;     /* of a record */
    uint32_t last;      /* highest number given out */
    uint32_t magazines; /* given back by threads */
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

static inline void *pool_chunk(const struct pool *pool, uint32_t number)
{
    /* Pairs with the release of a new chunk. */
    return load_acquire(&pool->chunks[number >> POOL_CHUNK_BITS]);
}

static inline void *pool_record(const struct pool *pool, uint32_t number)
{
    return (char *)pool_chunk(pool, number) + (size_t)(number & (POOL_CHUNK_RECORDS - 1)) * pool->bytes;
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

static inline void pool_give(struct pool *pool, struct pool_cache *cache, uint32_t number)
{
    if (UNLIKELY(cache->count == POOL_MAGAZINE))
        pool_give_slow(pool, cache);
    *(uint32_t *)pool_record(pool, number) = cache->first;
    cache->first = number;
    cache->count++;
}

#endif
