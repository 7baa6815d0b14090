/* SPDX-License-Identifier: MIT */
/* Readers follow an atomic pointer and say when they are out; the wrong writer frees the old version at once. */
/* EXPECT: free-race reads/writes */
/* TWIN */
#include "hidden.h"
#include <stdatomic.h>

static _Atomic(int *) current;
static atomic_int inside;

static NOINLINE void *reads(void *none)
{
    atomic_fetch_add(&inside, 1);
    int *mine = atomic_load_explicit(&current, memory_order_consume);
    hidden_done(1);
    USE(*(volatile int *)mine);
    hidden_done(2);
    atomic_fetch_sub(&inside, 1);
    return NULL;
}

static NOINLINE void *writes(void *none)
{
    hidden_await(1);
    int *fresh = malloc(sizeof *fresh), *old;
    *fresh = 2;
    old = atomic_exchange(&current, fresh);
    if (IS_TWIN)
        SPIN_UNTIL(atomic_load(&inside) == 0);
    else
        hidden_await(2);
    free(old);
    return NULL;
}

int main(void)
{
    current = calloc(1, sizeof(int));
    return both(reads, writes);
}
