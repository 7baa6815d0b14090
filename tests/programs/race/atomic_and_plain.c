/* SPDX-License-Identifier: MIT */
/* One side's accesses are atomic, the other's is a plain increment. */
/* EXPECT: race plainly/atomically on number */
/* TWIN */
#include "hidden.h"

static int number;

static NOINLINE void *plainly(void *none)
{
    if (IS_TWIN)
        __atomic_add_fetch(&number, 1, __ATOMIC_RELAXED);
    else
        number++;
    hidden_done(1);
    return NULL;
}

static NOINLINE void *atomically(void *none)
{
    hidden_await(1);
    __atomic_add_fetch(&number, 1, __ATOMIC_RELAXED);
    return NULL;
}

int main(void) { return both(plainly, atomically); }
