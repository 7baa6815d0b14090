/* SPDX-License-Identifier: MIT */
/* Between the files of race checking. */
#ifndef DETECT_RUNTIME_RACES_INNER_H
#define DETECT_RUNTIME_RACES_INNER_H

#include "runtime/races.h"

/* --- races_client.c --- */

void races_client_begin(struct tr_check *check);

/* The call stack of code that runs, or made a call, at stack pointer `sp`. If its innermost call is one that returns to
 * `caller`, it is left out and *pc is an address inside that call instruction. */
race_site races_node(uintptr_t sp, uintptr_t caller, uintptr_t *pc);
/* With that call, if it is the innermost. */
race_site races_node_with_call(uintptr_t sp);
/* Reports what the thread has found, called by translated code: ordinary code, on the translator's stack. */
void races_tell_interrupted(void *self);

/* --- races.c --- */

/* A node of calls as a stack for the report. */
stack_id races_stack(race_site node);

/* --- races_shadow.c --- */

/* False: there is no room. */
bool races_shadow_reserve(struct race_shadow *shadow, struct tr_check *check);
#define RACES_EXTENSION ((uintptr_t)1 << 40)
/* A range of at most that size, and aligned to it, for memory that the program has put where there is none yet. NULL: there is
 * one, it is the detector's own, or there is no room. One thread at a time. */
const struct race_range *races_shadow_extend(struct race_shadow *shadow, const struct tr_check *check, uintptr_t address);

/* --- races_blocks.c --- */

void races_blocks_init(void);
/* Who allocated a block, and where: a stack, or a node of calls if that is STACK_NONE. */
struct races_origin {
    thread_id thread;
    stack_id stack;
    race_site node;
};
void races_blocks_add(uintptr_t start, size_t size, struct races_origin origin);
/* It is about to be freed. Its size as it was asked for, 0: unknown. */
size_t races_blocks_remove(uintptr_t start);

#endif
