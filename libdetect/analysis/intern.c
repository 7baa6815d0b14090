/* SPDX-License-Identifier: MIT */
/* Interned records; see intern.h. Called by calltree.c and site.c for accesses that are recorded. Hard rules: general
 * registers only, nothing of libc, no lock but the arena's. */
#include "analysis/intern.h"

#include "base/atomic.h"
#include "base/hash.h"

#define FIRST_BITS 14
#define LEVEL_BITS 3
#define CHUNK_BITS 10
#define CHUNK_RECORDS (1u << CHUNK_BITS)
#define CHUNKS (1u << 15)

struct intern_record {
    uint32_t next; /* in its bucket */
    uint32_t hash;
    uint64_t words[];
};

static uint32_t bucket_count(uint32_t level) { return 1u << (FIRST_BITS + level * LEVEL_BITS); }

static uint32_t *make_buckets(struct arena *arena, uint32_t level)
{
    return arena_alloc(arena, bucket_count(level) * sizeof(uint32_t));
}

static size_t record_bytes(const struct intern *table)
{
    return sizeof(struct intern_record) + table->words * sizeof(uint64_t);
}

bool intern_init(struct intern *table, struct arena *arena, uint32_t words, uint32_t most)
{
    *table = (struct intern){.arena = arena, .words = words, .most = most};
    if (most == 0 || most >= CHUNKS * CHUNK_RECORDS)
        table->most = CHUNKS * CHUNK_RECORDS - 1;
    table->buckets[0] = make_buckets(arena, 0);
    table->chunks = arena_alloc(arena, CHUNKS * sizeof(struct intern_record *));
    return table->buckets[0] && table->chunks;
}

static struct intern_record *record_at(const struct intern *table, struct intern_record *chunk, uint32_t number)
{
    return (struct intern_record *)(void *)((char *)chunk + (number & (CHUNK_RECORDS - 1)) * record_bytes(table));
}

static struct intern_record *record_of(const struct intern *table, uint32_t number)
{
    /* Pairs with make_chunk(). */
    return record_at(table, load_acquire(&table->chunks[number >> CHUNK_BITS]), number);
}

const uint64_t *intern_words(const struct intern *table, uint32_t number)
{
    return record_of(table, number)->words;
}

static bool make_chunk(struct intern *table, uint32_t number)
{
    struct intern_record **slot = &table->chunks[number >> CHUNK_BITS], *expected = NULL;
    if (load_relaxed(slot))
        return true;
    struct intern_record *chunk = arena_alloc(table->arena, CHUNK_RECORDS * record_bytes(table));
    if (!chunk)
        return false;
    if (!compare_exchange_acq_rel(slot, &expected, chunk)) /* pairs with record_of() */
        arena_free(table->arena, chunk, CHUNK_RECORDS * record_bytes(table));
    return true;
}

static uint32_t hash_words(const struct intern *table, const uint64_t *words)
{
    uint64_t hash = table->words;
    for (uint32_t i = 0; i < table->words; i++)
        hash = hash_mix(hash, words[i]);
    return (uint32_t)hash;
}

/* The record among those from `first` on; `end` is where an earlier search began. */
static uint32_t find(const struct intern *table, uint32_t first, uint32_t end, uint32_t hash, const uint64_t *words)
{
    for (uint32_t number = first; number != end;) {
        const struct intern_record *record = record_of(table, number);
        uint32_t same = record->hash == hash ? 0 : 1;
        for (uint32_t i = 0; i < table->words && !same; i++)
            same |= record->words[i] != words[i];
        if (!same)
            return number;
        number = record->next;
    }
    return 0;
}

/* A record that nobody knows yet; 0 when there is no room. */
static uint32_t make(struct intern *table, uint32_t hash, const uint64_t *words)
{
    uint32_t number = load_relaxed(&table->last) < table->most ? fetch_add_relaxed(&table->last, 1) + 1 : UINT32_MAX;
    if (number > table->most || !make_chunk(table, number)) {
        (void)fetch_add_relaxed(&table->lost, 1);
        return 0;
    }
    struct intern_record *record = record_of(table, number);
    record->hash = hash;
    for (uint32_t i = 0; i < table->words; i++)
        record->words[i] = words[i];
    return number;
}

/* There are two records for each bucket of the last level: another one, if there is memory for it. */
static void grow(struct intern *table, uint32_t level)
{
    uint32_t *expected = NULL, *buckets;
    if (level + 1 == INTERN_LEVELS || load_relaxed(&table->buckets[level + 1]) || !(buckets = make_buckets(table->arena, level + 1)))
        return;
    if (compare_exchange_acq_rel(&table->buckets[level + 1], &expected, buckets))
        store_release(&table->level, level + 1); /* pairs with intern_number() */
    else
        arena_free(table->arena, buckets, bucket_count(level + 1) * sizeof(*buckets));
}

static uint32_t *bucket_of(const struct intern *table, uint32_t level, uint32_t hash)
{
    return &table->buckets[level][hash & (bucket_count(level) - 1)];
}

uint32_t intern_number(struct intern *table, const uint64_t *words)
{
    uint32_t hash = hash_words(table, words), level = load_acquire(&table->level);
    uint32_t *bucket = bucket_of(table, level, hash);
    uint32_t first = load_acquire(bucket); /* pairs with the exchange below */
    uint32_t number = find(table, first, 0, hash, words);
    for (uint32_t older = level; !number && older-- > 0;)
        number = find(table, load_acquire(bucket_of(table, older, hash)), 0, hash, words);
    if (number)
        return number;
    uint32_t made = make(table, hash, words);
    if (!made)
        return 0;
    if (UNLIKELY(made > 2 * bucket_count(level)))
        grow(table, level);
    for (;;) {
        record_of(table, made)->next = first;
        uint32_t seen = first;
        if (compare_exchange_acq_rel(bucket, &seen, made))
            return made;
        number = find(table, seen, first, hash, words);
        if (number)
            return number; /* what was made stays unused */
        first = seen;
    }
}
