/* SPDX-License-Identifier: MIT */
/* A ticket lock by hand; the wrong one serves the next before it is done. */
/* EXPECT: race adds on total */
/* TWIN */
#include "hidden.h"
#include <stdatomic.h>

static atomic_uint next, serving;
static long total;

static NOINLINE void adds(void)
{
    unsigned mine = atomic_fetch_add(&next, 1);
    SPIN_UNTIL(atomic_load_explicit(&serving, memory_order_acquire) == mine);
    if (IS_TWIN)
        total++;
    COMPILER_BARRIER();
    atomic_store_explicit(&serving, mine + 1, memory_order_release);
    if (!IS_TWIN)
        total++;
}

static void *first(void *none)
{
    for (int i = 0; i < 5; i++)
        adds();
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    for (int i = 0; i < 5; i++)
        adds();
    return NULL;
}

int main(void) { return both(first, second); }
