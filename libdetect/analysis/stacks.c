/* SPDX-License-Identifier: MIT */
/* The bounds of the threads' stacks; see stacks.h. Called by thread.c and detector_life.c. */
#include "analysis/stacks.h"

#include <string.h>

/* The first stack that ends above the address. */
static uint32_t first_above(const struct stack_table *table, uintptr_t addr)
{
    uint32_t from = 0, to = table->count;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (table->stacks[middle].high > addr)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

static bool grow(struct stack_table *table, struct arena *arena)
{
    uint32_t capacity = table->capacity ? table->capacity * 2 : 16;
    struct stack_bounds *stacks =
        arena_grow(arena, table->stacks, table->capacity * sizeof(*stacks), capacity * sizeof(*stacks));
    if (!stacks)
        return false;
    table->stacks = stacks;
    table->capacity = capacity;
    return true;
}

/* Replaces `gone` entries from `at` on by `come` new ones, which the caller fills in. */
static void splice(struct stack_table *table, uint32_t at, uint32_t gone, uint32_t come)
{
    memmove(&table->stacks[at + come], &table->stacks[at + gone],
            (table->count - at - gone) * sizeof(table->stacks[0]));
    table->count += come - gone;
}

bool stacks_add(struct stack_table *table, struct arena *arena, struct stack_bounds stack)
{
    if (table->count == table->capacity && !grow(table, arena))
        return false;
    uint32_t at = first_above(table, stack.low), overlapping = 0;
    while (at + overlapping < table->count && table->stacks[at + overlapping].low < stack.high)
        overlapping++;
    splice(table, at, overlapping, 1);
    table->stacks[at] = stack;
    return true;
}

void stacks_remove(struct stack_table *table, const struct thread *thread, uintptr_t low)
{
    uint32_t at = first_above(table, low);
    if (at < table->count && table->stacks[at].thread == thread)
        splice(table, at, 1, 0);
}

struct thread *stacks_find(const struct stack_table *table, uintptr_t addr)
{
    uint32_t at = first_above(table, addr);
    return at < table->count && addr >= table->stacks[at].low ? table->stacks[at].thread : NULL;
}

bool stacks_are_valid(const struct stack_table *table)
{
    for (uint32_t i = 0; i < table->count; i++)
        if (table->stacks[i].low >= table->stacks[i].high ||
            (i > 0 && table->stacks[i - 1].high > table->stacks[i].low))
            return false;
    return true;
}
