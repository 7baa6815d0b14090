/* SPDX-License-Identifier: MIT */
/* Which thread's stack an address lies on: the bounds of all running threads' stacks, in order.
 *
 * Under the analysis lock. Looking up is a binary search; a thread's begin and end move the entries above. */
#ifndef DETECT_ANALYSIS_STACKS_H
#define DETECT_ANALYSIS_STACKS_H

#include "base/arena.h"

struct thread;

struct stack_bounds {
    uintptr_t low, high;
    struct thread *thread;
};

struct stack_table {
    struct stack_bounds *stacks; /* ascending and apart */
    uint32_t count, capacity;
};

/* Stacks that overlap it belong to threads whose end was not seen: they are forgotten. False when out of
 * memory. */
bool stacks_add(struct stack_table *table, struct arena *arena, struct stack_bounds stack);
void stacks_remove(struct stack_table *table, const struct thread *thread, uintptr_t low);
/* NULL: on no stack. */
struct thread *stacks_find(const struct stack_table *table, uintptr_t addr);
bool stacks_are_valid(const struct stack_table *table);

#endif
