/* SPDX-License-Identifier: MIT */
/* Tables keyed by a 64-bit number; the project's only includer of uthash.
 *
 * Intrusive: an entry embeds `struct hash_node`, the caller owns its memory. Two different things that
 * share a 64-bit key (the hash of something longer) are chained by the caller. Not thread-safe. */
#ifndef DETECT_BASE_HASH_H
#define DETECT_BASE_HASH_H

#include "base/arena.h"
#include "base/compiler.h"

struct hash_impl; /* UT_hash_handle and key; see hash.c */

struct hash_node {
    uint64_t key;
    uint64_t opaque[7]; /* uthash's handle; hash.c asserts that it fits */
};

struct hash_table {
    struct hash_node *head;
    struct arena *arena; /* for uthash's own bucket arrays */
};

void hash_init(struct hash_table *table, struct arena *arena);
struct hash_node *hash_find(const struct hash_table *table, uint64_t key);
/* The key must not be present. False when out of memory (the node is then not in the table). */
bool hash_add(struct hash_table *table, struct hash_node *node, uint64_t key);
void hash_remove(struct hash_table *table, struct hash_node *node);
size_t hash_count(const struct hash_table *table);
/* Iteration in order of insertion; removing the node just returned is allowed after taking its next. */
struct hash_node *hash_first(const struct hash_table *table);
struct hash_node *hash_next(const struct hash_node *node);
/* Frees uthash's memory; entries are the caller's. */
void hash_clear(struct hash_table *table);

/* Mixes two numbers into a key (64-bit finaliser of MurmurHash3; public domain, A. Appleby). */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    uint64_t h = a * 0x9e3779b97f4a7c15u ^ (b + 0x7f4a7c159e3779b9u);
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
}

/* The entry around a node: hash_entry(node, struct thing, member). */
#define hash_entry(node, type, member) ((type *)(void *)((char *)(node) - offsetof(type, member)))

#endif
