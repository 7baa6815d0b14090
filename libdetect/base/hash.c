/* SPDX-License-Identifier: MIT */
/* uthash behind hash.h. uthash takes the memory for its buckets through macros without a context, so
 * each function names its arena `bucket_arena`, which the macros use. */
#include "base/hash.h"

#include <string.h>

#define uthash_malloc(size) arena_alloc(bucket_arena, (size))
#define uthash_free(block, size) arena_free(bucket_arena, (block), (size))
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) (*(added) = false)
/* Keys are mixed already by most callers; the multiplication spreads small numbers and addresses. */
#define HASH_FUNCTION(keyptr, keylen, hashv)                                                       \
    do {                                                                                           \
        uint64_t key_;                                                                             \
        memcpy(&key_, (keyptr), sizeof(key_));                                                     \
        (hashv) = (unsigned)((key_ * 0x9e3779b97f4a7c15u) >> 32);                                  \
    } while (0)
#include <uthash.h>

struct node {
    uint64_t key;
    UT_hash_handle hh;
};

_Static_assert(sizeof(struct node) <= sizeof(struct hash_node), "uthash's handle fits");
_Static_assert(offsetof(struct node, key) == offsetof(struct hash_node, key), "same key");

void hash_init(struct hash_table *table, struct arena *arena)
{
    table->head = NULL;
    table->arena = arena;
}

struct hash_node *hash_find(const struct hash_table *table, uint64_t key)
{
    struct node *head = (struct node *)table->head, *found;
    HASH_FIND(hh, head, &key, sizeof(key), found);
    return (struct hash_node *)found;
}

bool hash_add(struct hash_table *table, struct hash_node *node, uint64_t key)
{
    struct arena *bucket_arena = table->arena;
    struct node *head = (struct node *)table->head, *added_node = (struct node *)node;
    bool ok = true, *added = &ok;
    added_node->key = key;
    HASH_ADD(hh, head, key, sizeof(key), added_node);
    table->head = (struct hash_node *)head;
    return ok;
}

void hash_remove(struct hash_table *table, struct hash_node *node)
{
    struct arena *bucket_arena = table->arena;
    struct node *head = (struct node *)table->head, *gone = (struct node *)node;
    HASH_DEL(head, gone);
    table->head = (struct hash_node *)head;
}

size_t hash_count(const struct hash_table *table)
{
    const struct node *head = (const struct node *)table->head;
    return HASH_COUNT(head);
}

struct hash_node *hash_first(const struct hash_table *table) { return table->head; }

struct hash_node *hash_next(const struct hash_node *node)
{
    return ((const struct node *)node)->hh.next;
}

void hash_clear(struct hash_table *table)
{
    struct arena *bucket_arena = table->arena;
    struct node *head = (struct node *)table->head;
    HASH_CLEAR(hh, head);
    table->head = NULL;
}
