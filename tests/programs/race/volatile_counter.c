/* SPDX-License-Identifier: MIT */
/* A counter as in programs older than C11: changed by locked instructions, and volatile for who reads it, or not. */
/* EXPECT: race counts/looks on counter */
/* TWIN */
#include "hidden.h"

#ifdef TWIN
static volatile int counter;
#else
static int counter;
#endif

static NOINLINE void *counts(void *none)
{
    hidden_await(1);
    for (int i = 0; i < 3; i++)
        __sync_fetch_and_add(&counter, 1);
    return NULL;
}

static NOINLINE void *looks(void *none)
{
    void *seen = counter == 3 ? none : NULL;
    hidden_done(1);
    return seen;
}

int main(void) { return both(counts, looks); }
