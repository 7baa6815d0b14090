/* SPDX-License-Identifier: MIT */
/* Call stacks of accesses; see calltree.h. Called from call-outs (race_call) and by race_report.c. Hard rules:
 * as in intern.c. */
#include "analysis/calltree.h"

/* Words of a node: return address, parent. */
enum { RETURN_PC, PARENT, WORDS };

bool calltree_init(struct intern *calls, struct arena *arena) { return intern_init(calls, arena, WORDS, 0); }

uint32_t calltree_child(struct intern *calls, uint32_t parent, uintptr_t return_pc)
{
    uint64_t words[WORDS] = {[RETURN_PC] = return_pc, [PARENT] = parent};
    uint32_t node = intern_number(calls, words);
    return node ? node : parent;
}

uint32_t calltree_frames(const struct intern *calls, uint32_t node, uintptr_t *frames, uint32_t most)
{
    uint32_t count = 0;
    while (node != CALLTREE_ROOT && count < most) {
        const uint64_t *words = intern_words(calls, node);
        frames[count++] = words[RETURN_PC];
        node = (uint32_t)words[PARENT];
    }
    return count;
}
