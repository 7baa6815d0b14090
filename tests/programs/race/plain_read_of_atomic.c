/* SPDX-License-Identifier: MIT */
/* A flag that one thread stores atomically and another one reads as a plain variable, after the store. What it guards is
 * written before that, and is not the mistake. */
/* EXPECT: race publishes/looks on ready */
/* TWIN */
#include "hidden.h"

static int ready, data;

static NOINLINE void *publishes(void *none)
{
    data = 1;
    __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
    hidden_done(1);
    return NULL;
}

static NOINLINE void *looks(void *none)
{
    hidden_await(1);
#if IS_TWIN
    int seen = __atomic_load_n(&ready, __ATOMIC_ACQUIRE);
#else
    int seen = *(volatile int *)&ready;
#endif
    USE(seen);
    if (seen)
        USE(*(volatile int *)&data);
    return NULL;
}

int main(void)
{
    return both(publishes, looks);
}
