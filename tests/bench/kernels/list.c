/* SPDX-License-Identifier: MIT */
/* Each thread chases pointers of its own: nothing is shared, nobody waits. */
#include "kernels.h"

enum { NODES = 1 << 14 };

static unsigned turns;
static struct node {
    struct node *next;
    long visits;
} *nodes[MOST_THREADS];

static void prepare(unsigned size)
{
    turns = size ? size : 800;
    for (unsigned t = 0; t < threads; t++)
        nodes[t] = memory(NODES * sizeof *nodes[t]);
}

static void run(unsigned self)
{
    struct node *own = nodes[self];
    for (unsigned i = 0; i < NODES; i++)
        own[i].next = &own[(i * 5 + 1) % NODES];
    for (unsigned n = 0; n < turns; n++) {
        struct node *at = own;
        for (unsigned i = 0; i < NODES; i++, at = at->next)
            at->visits++;
    }
    if (self == 0)
        checksum = (double)own[5].visits;
}

const struct kernel list = {"list", prepare, run};
