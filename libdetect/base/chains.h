/* SPDX-License-Identifier: MIT */
/* Hash chains for what there are millions of: 16 bytes per entry, where base/hash.h needs 64 (no order
 * of insertion, no iteration). Intrusive: an entry embeds a link. Entries of equal key are found one after
 * the other: the key is the hash of the real thing, which the caller compares. Not thread-safe. */
#ifndef DETECT_BASE_CHAINS_H
#define DETECT_BASE_CHAINS_H

#include "base/arena.h"
#include "base/compiler.h"

struct chain_link {
    struct chain_link *next;
    uint64_t key; /* well mixed in its low bits */
};

struct chains {
    struct arena *arena;
    struct chain_link **buckets; /* mask + 1, a power of two */
    uint64_t mask, count;
};

/* False when out of memory. */
bool chains_init(struct chains *chains, struct arena *arena);
void chains_free(struct chains *chains); /* the buckets; entries are the caller's */
/* Grows when there are more entries than buckets; without memory the chains only get longer. */
void chains_add(struct chains *chains, struct chain_link *link, uint64_t key);
/* The link must be in the table. */
void chains_remove(struct chains *chains, struct chain_link *link);

static inline struct chain_link *chains_skip(struct chain_link *link, uint64_t key)
{
    while (link && link->key != key)
        link = link->next;
    return link;
}

/* The first entry with that key, NULL if there is none; then the next one. */
static inline struct chain_link *chains_find(const struct chains *chains, uint64_t key)
{
    return chains_skip(chains->buckets[key & chains->mask], key);
}

static inline struct chain_link *chains_next(const struct chain_link *link)
{
    return chains_skip(link->next, link->key);
}

#define chain_entry(link, type, member) ((type *)(void *)((char *)(link) - offsetof(type, member)))

#endif
