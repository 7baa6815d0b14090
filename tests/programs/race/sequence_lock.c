/* SPDX-License-Identifier: MIT */
/* A sequence lock: its data has to be atomic, for a reader may see it while it changes. */
/* EXPECT: race writes/reads on plain_x */
/* TWIN */
#include "hidden.h"
#include <stdatomic.h>

static atomic_uint sequence;
static atomic_int x, y;
static int plain_x;

static NOINLINE void *writes(void *none)
{
    for (int i = 1; i < 10; i++) {
        atomic_fetch_add(&sequence, 1);
        atomic_store_explicit(&x, i, memory_order_relaxed);
        atomic_store_explicit(&y, i, memory_order_relaxed);
        atomic_fetch_add(&sequence, 1);
    }
    if (!IS_TWIN)
        plain_x = 9;
    hidden_done(1);
    return NULL;
}

static NOINLINE void *reads(void *none)
{
    unsigned before;
    int a, b;
    do {
        before = atomic_load_explicit(&sequence, memory_order_acquire);
        a = atomic_load_explicit(&x, memory_order_relaxed);
        b = atomic_load_explicit(&y, memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
    } while (before % 2 || before != atomic_load_explicit(&sequence, memory_order_relaxed));
    if (a != b)
        abort();
    hidden_await(1);
    if (!IS_TWIN)
        USE(*(volatile int *)&plain_x);
    return NULL;
}

int main(void) { return both(writes, reads); }
