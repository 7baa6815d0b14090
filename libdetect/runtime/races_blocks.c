/* SPDX-License-Identifier: MIT */
/* Blocks of allocators: where each begins, how long it is, who allocated it and where. A block stays known after its
 * end until another one begins at its start, or room is needed, so that a report of a use after free can name it.
 *
 * An open hash of starts in stripes, each with its lock; 16 bytes a block. The report's question, which block an
 * address lies in, is asked rarely and looks at all of them. */
#include <string.h>

#include "runtime/races_inner.h"
#include "runtime/runtime.h"

/* start / 8 : 45 | allocated_by : 17 | has_stack : 1 | freed : 1       0: empty
 * size : 32 | allocated_at : 32
 * A size too large for its field is the largest one; a thread's number 0, unknown. */
struct entry {
    uint64_t start : 45, thread : 17, has_stack : 1, freed : 1;
    uint32_t size;
    uint32_t allocated_at; /* stack_id, or a node of calls */
};
_Static_assert(sizeof(struct entry) == 16, "16 bytes a block");
#define MAX_THREAD ((1u << 17) - 1)

#define STRIPES 64u
#define FIRST_CAPACITY 64u

static struct stripe {
    struct entry *entries;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t used;     /* entries that are not empty */
    uint32_t freed;    /* of these */
} stripes[STRIPES];
static struct spin locks[STRIPES];

void races_blocks_init(void)
{
    for (unsigned i = 0; i < STRIPES; i++)
        spin_init(&locks[i], RANK_BLOCKS);
}

static uint64_t hash(uintptr_t start) { return (start >> 3) * 0x9e3779b97f4a7c15u; }
static unsigned stripe_of(uintptr_t start) { return (unsigned)(hash(start) >> 58); }
_Static_assert(STRIPES == 1u << (64 - 58), "the hash's upper bits choose the stripe");

/* The entry of that start, or the empty one where it belongs. */
static struct entry *find(const struct stripe *stripe, uintptr_t start)
{
    uint32_t mask = stripe->capacity - 1;
    uint32_t at = (uint32_t)(hash(start) >> 20) & mask;
    while (stripe->entries[at].start != 0 && stripe->entries[at].start != start >> 3)
        at = (at + 1) & mask;
    return &stripe->entries[at];
}

/* Freed blocks are forgotten when there is no room. */
static bool make_room(struct stripe *stripe)
{
    if (stripe->capacity && stripe->used + 1 <= stripe->capacity / 4 * 3)
        return true;
    uint32_t live = stripe->used - stripe->freed, capacity = FIRST_CAPACITY;
    while (capacity / 2 < live + 1)
        capacity *= 2;
    struct stripe larger = {.capacity = capacity, .used = live};
    larger.entries = arena_alloc(&runtime.arena, capacity * sizeof(struct entry));
    if (!larger.entries)
        return false;
    for (uint32_t i = 0; i < stripe->capacity; i++)
        if (stripe->entries[i].start && !stripe->entries[i].freed)
            *find(&larger, (uintptr_t)stripe->entries[i].start << 3) = stripe->entries[i];
    arena_free(&runtime.arena, stripe->entries, stripe->capacity * sizeof(struct entry));
    *stripe = larger;
    return true;
}

static void set(struct stripe *stripe, uintptr_t start, const struct entry *value)
{
    struct entry *entry = find(stripe, start);
    if (entry->start == 0)
        stripe->used++;
    else
        stripe->freed -= entry->freed;
    *entry = *value;
}

void races_blocks_add(uintptr_t start, size_t size, struct races_origin origin)
{
    struct entry entry = {.start = start >> 3,
                          .thread = origin.thread <= MAX_THREAD ? origin.thread : 0,
                          .has_stack = origin.stack != STACK_NONE,
                          .size = size <= UINT32_MAX ? (uint32_t)size : UINT32_MAX,
                          .allocated_at = origin.stack != STACK_NONE ? origin.stack : origin.node};
    unsigned i = stripe_of(start);
    spin_lock(&locks[i]);
    if (make_room(&stripes[i]))
        set(&stripes[i], start, &entry);
    spin_unlock(&locks[i]);
}

size_t races_blocks_remove(uintptr_t start)
{
    unsigned i = stripe_of(start);
    size_t size = 0;
    spin_lock(&locks[i]);
    struct entry *entry = stripes[i].capacity ? find(&stripes[i], start) : NULL;
    if (entry && entry->start && !entry->freed) {
        size = entry->size;
        entry->freed = true;
        stripes[i].freed++;
    }
    spin_unlock(&locks[i]);
    return size;
}

/* --- for a report ------------------------------------------------------------------------------------------------------ */

static bool contains(const struct entry *entry, uintptr_t address)
{
    uintptr_t start = (uintptr_t)entry->start << 3;
    return start && address >= start && address - start < (entry->size ? entry->size : 1);
}

/* A live block counts more than one that was freed; of these, the innermost. */
static bool is_better(const struct entry *entry, const struct races_block *block)
{
    if (block->start == 0 || block->freed != entry->freed)
        return block->start == 0 || block->freed;
    return (uintptr_t)entry->start << 3 > block->start;
}

static void look(const struct stripe *stripe, uintptr_t address, struct races_block *block, race_site *node)
{
    for (uint32_t i = 0; i < stripe->capacity; i++) {
        const struct entry *entry = &stripe->entries[i];
        if (!contains(entry, address) || !is_better(entry, block))
            continue;
        *block = (struct races_block){(uintptr_t)entry->start << 3, entry->size,
                                      entry->has_stack ? entry->allocated_at : STACK_NONE, (thread_id)entry->thread,
                                      entry->freed};
        *node = entry->has_stack ? RACE_SITE_NONE : entry->allocated_at;
    }
}

bool races_find_block(uintptr_t address, struct races_block *block)
{
    race_site node = RACE_SITE_NONE;
    *block = (struct races_block){0};
    for (unsigned i = 0; i < STRIPES; i++) {
        spin_lock(&locks[i]);
        look(&stripes[i], address, block, &node);
        spin_unlock(&locks[i]);
    }
    if (node != RACE_SITE_NONE)
        block->allocated_at = races_stack(node);
    return block->start != 0;
}

/* --- fork ------------------------------------------------------------------------------------------------------------------ */

void races_fork_prepare(void) { spin_lock_all(locks, STRIPES, sizeof(locks[0])); }
void races_fork_parent(void) { spin_unlock_all(locks, STRIPES, sizeof(locks[0])); }

void races_fork_child(void)
{
    for (unsigned i = 0; i < STRIPES; i++)
        spin_reset(&locks[i]);
}
