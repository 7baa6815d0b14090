/* SPDX-License-Identifier: MIT */
/* A reader names what it holds in a hazard pointer; the wrong writer does not look there before it frees. */
/* EXPECT: free-race reads/retires */
/* TWIN */
#include "hidden.h"
#include <stdatomic.h>

static _Atomic(int *) current, hazard;

static NOINLINE void *reads(void *none)
{
    int *mine;
    do {
        mine = atomic_load(&current);
        atomic_store(&hazard, mine);
    } while (mine != atomic_load(&current));
    hidden_done(1);
    USE(*(volatile int *)mine);
    hidden_done(2);
    atomic_store(&hazard, NULL);
    return NULL;
}

static NOINLINE void *retires(void *none)
{
    hidden_await(1);
    int *old = atomic_exchange(&current, NULL);
    if (IS_TWIN)
        SPIN_UNTIL(atomic_load(&hazard) != old);
    else
        hidden_await(2);
    free(old);
    return NULL;
}

int main(void)
{
    current = calloc(1, sizeof(int));
    return both(reads, retires);
}
