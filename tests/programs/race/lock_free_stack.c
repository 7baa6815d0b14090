/* SPDX-License-Identifier: MIT */
/* Treiber's stack: nodes are pushed by compare-and-exchange. The wrong pusher links its node after it is visible. */
/* EXPECT: race pushes/pops */
/* TWIN */
#include "hidden.h"
#include <stdatomic.h>

struct node {
    struct node *next;
    int value;
};
static _Atomic(struct node *) top;

static NOINLINE void *pushes(void *none)
{
    for (int i = 0; i < 10; i++) {
        struct node *node = calloc(1, sizeof *node), *old = atomic_load(&top);
        if (IS_TWIN)
            node->value = i;
        do
            node->next = old;
        while (!atomic_compare_exchange_weak(&top, &old, node));
        if (!IS_TWIN && i == 9)
            node->value = i;
        COMPILER_BARRIER();
    }
    hidden_done(1);
    return NULL;
}

static NOINLINE void *pops(void *none)
{
    hidden_await(1);
    struct node *node = atomic_exchange(&top, NULL);
    int sum = 0;
    while (node) {
        struct node *next = node->next;
        sum += node->value;
        if (IS_TWIN)
            free(node);
        node = next;
    }
    USE(sum);
    return NULL;
}

int main(void) { return both(pushes, pops); }
