/* SPDX-License-Identifier: MIT */
/* A counter that one thread changes and another one reads: a plain one, and an atomic one that is loaded and stored, as its only
 * writer may do. Compilers make much the same instructions of both. */
/* EXPECT: race counts/looks on part.sum */
/* TWIN */
#include "hidden.h"

#include <stdatomic.h>
#include <stdlib.h>

struct part {
    long fill[3];
#if IS_TWIN
    atomic_long sum;
#else
    long sum;
#endif
};

static struct part *part;

static NOINLINE void add(struct part *to, long n)
{
#if IS_TWIN
    atomic_store_explicit(&to->sum, atomic_load_explicit(&to->sum, memory_order_relaxed) + n, memory_order_relaxed);
#else
    to->sum += n;
#endif
}

static NOINLINE void *counts(void *none)
{
    for (long i = 0; i < 3; i++)
        add(part, i);
    hidden_done(1);
    return NULL;
}

static NOINLINE void *looks(void *none)
{
    hidden_await(1);
#if IS_TWIN
    USE(atomic_load_explicit(&part->sum, memory_order_relaxed));
#else
    USE(*(volatile long *)&part->sum);
#endif
    return NULL;
}

int main(void)
{
    part = calloc(1, sizeof(*part));
    int status = both(counts, looks);
    free(part);
    return status;
}
