/* SPDX-License-Identifier: MIT */
/* Call stacks of accesses; see calltree.h. Called from call-outs (race_call) and by race_report.c. Hard rules:
 * as in intern.c. */
#include "analysis/calltree.h"

#include "base/atomic.h"

/* Words of a node: return address, parent. */
enum { RETURN_PC, PARENT, WORDS };

bool calltree_init(struct intern *calls, struct arena *arena) { return intern_init(calls, arena, WORDS, 0); }

/* A function that calls itself at two places has a node for each way through them: as many as it sorts lines. When
 * there are many nodes, a call that is under way already, not far out, leads back to its node. */
#define PLENTY (1u << 16)
#define LOOK_BACK 32u

static uint32_t find_outwards(const struct intern *calls, uint32_t node, uintptr_t return_pc)
{
    for (uint32_t i = 0; i < LOOK_BACK && node != CALLTREE_ROOT; i++) {
        const uint64_t *words = intern_words(calls, node);
        if (words[RETURN_PC] == return_pc)
            return node;
        node = (uint32_t)words[PARENT];
    }
    return CALLTREE_ROOT;
}

uint32_t calltree_child(struct intern *calls, uint32_t parent, uintptr_t return_pc)
{
    uint32_t outer = load_relaxed(&calls->last) < PLENTY ? CALLTREE_ROOT : find_outwards(calls, parent, return_pc);
    if (outer != CALLTREE_ROOT)
        return outer;
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
