/* SPDX-License-Identifier: MIT */
/* Call stacks of accesses: a tree whose root is the bottom of a stack, and whose nodes are "called from there". */
#ifndef DETECT_ANALYSIS_CALLTREE_H
#define DETECT_ANALYSIS_CALLTREE_H

#include "analysis/intern.h"

#define CALLTREE_ROOT 0u

bool calltree_init(struct intern *calls, struct arena *arena);
/* The node of a call that returns to return_pc; the parent itself when out of memory: the frame is then missing. */
uint32_t calltree_child(struct intern *calls, uint32_t parent, uintptr_t return_pc);
/* The return addresses, innermost first; how many. */
uint32_t calltree_frames(const struct intern *calls, uint32_t node, uintptr_t *frames, uint32_t most);

#endif
