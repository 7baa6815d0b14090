/* SPDX-License-Identifier: MIT */
/* Hash chains; see chains.h. */
#include "base/chains.h"

#define FIRST_BUCKETS 256u

bool chains_init(struct chains *chains, struct arena *arena)
{
    chains->arena = arena;
    chains->mask = FIRST_BUCKETS - 1;
    chains->count = 0;
    chains->buckets = arena_alloc(arena, FIRST_BUCKETS * sizeof(*chains->buckets));
    return chains->buckets != NULL;
}

void chains_free(struct chains *chains)
{
    arena_free(chains->arena, chains->buckets, (chains->mask + 1) * sizeof(*chains->buckets));
    chains->buckets = NULL;
}

static void push(struct chains *chains, struct chain_link *link)
{
    struct chain_link **bucket = &chains->buckets[link->key & chains->mask];
    link->next = *bucket;
    *bucket = link;
}

static void grow(struct chains *chains)
{
    uint64_t old_count = chains->mask + 1;
    struct chain_link **old = chains->buckets;
    struct chain_link **larger = arena_alloc(chains->arena, 2 * old_count * sizeof(*larger));
    if (!larger)
        return;
    chains->buckets = larger;
    chains->mask = 2 * old_count - 1;
    for (uint64_t i = 0; i < old_count; i++)
        for (struct chain_link *link = old[i], *next; link; link = next) {
            next = link->next;
            push(chains, link);
        }
    arena_free(chains->arena, old, old_count * sizeof(*old));
}

void chains_add(struct chains *chains, struct chain_link *link, uint64_t key)
{
    if (chains->count > chains->mask)
        grow(chains);
    link->key = key;
    push(chains, link);
    chains->count++;
}

void chains_remove(struct chains *chains, struct chain_link *link)
{
    struct chain_link **at = &chains->buckets[link->key & chains->mask];
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    chains->count--;
}
