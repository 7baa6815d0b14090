/* SPDX-License-Identifier: MIT */
/* A ring between one producer and one consumer; the wrong one advances its index before the cell is filled. */
/* EXPECT: race produces/consumes on cells */
/* TWIN */
#include "hidden.h"
#include <stdatomic.h>

enum { SIZE = 4, COUNT = 40 };
static int cells[SIZE];
static atomic_uint head, tail;

static NOINLINE void *produces(void *none)
{
    for (unsigned i = 0; i < COUNT; i++) {
        SPIN_UNTIL(i - atomic_load_explicit(&tail, memory_order_acquire) < SIZE);
        if (IS_TWIN || i < COUNT - 1)
            cells[i % SIZE] = (int)i;
        atomic_store_explicit(&head, i + 1, memory_order_release);
        if (!IS_TWIN && i == COUNT - 1) {
            *(volatile int *)&cells[i % SIZE] = (int)i;
            hidden_done(1);
        }
    }
    return NULL;
}

static NOINLINE void *consumes(void *none)
{
    for (unsigned i = 0; i < COUNT; i++) {
        SPIN_UNTIL(atomic_load_explicit(&head, memory_order_acquire) > i);
        if (!IS_TWIN && i == COUNT - 1)
            hidden_await(1);
        USE(*(volatile int *)&cells[i % SIZE]);
        atomic_store_explicit(&tail, i + 1, memory_order_release);
    }
    return NULL;
}

int main(void) { return both(produces, consumes); }
