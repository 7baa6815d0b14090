/* SPDX-License-Identifier: MIT */
/* A compare-and-exchange that fails only reads: it orders nothing for those who come later. */
/* EXPECT: race fails/wins on data */
/* TWIN */
#include "hidden.h"

static int word = 1, data;

static NOINLINE void *fails(void *none)
{
    data = 1;
    int expected = IS_TWIN ? 1 : 7;
    __atomic_compare_exchange_n(&word, &expected, 2, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    hidden_done(1);
    return NULL;
}

static NOINLINE void *wins(void *none)
{
    hidden_await(1);
    int expected = IS_TWIN ? 2 : 1;
    __atomic_compare_exchange_n(&word, &expected, 3, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    USE(*(volatile int *)&data);
    return NULL;
}

int main(void) { return both(fails, wins); }
