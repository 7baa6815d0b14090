/* SPDX-License-Identifier: MIT */
/* A pointer is published before what it points to is complete; the twin completes it first. The pointer is atomic in both. */
/* EXPECT: race publishes/follows */
/* TWIN */
#include "hidden.h"
#include <stdatomic.h>

struct node {
    int key, value;
};
static _Atomic(struct node *) head;

static NOINLINE void *publishes(void *none)
{
    struct node *node = calloc(1, sizeof *node);
    if (IS_TWIN)
        node->value = 7;
    atomic_store_explicit(&head, node, memory_order_release);
    if (!IS_TWIN)
        *(volatile int *)&node->value = 7;
    hidden_done(1);
    return NULL;
}

static NOINLINE void *follows(void *none)
{
    hidden_await(1);
    struct node *node = atomic_load_explicit(&head, memory_order_acquire);
    USE(*(volatile int *)&node->value);
    return NULL;
}

int main(void) { return both(publishes, follows); }
