/* SPDX-License-Identifier: MIT */
/* Data handed over by a plain flag that the other thread spins on; the twin's flag is atomic. */
/* EXPECT: race gives/takes on ready */
/* TWIN */
#include "hidden.h"

#ifdef TWIN
static _Atomic int ready;
#else
static int ready;
#endif
static int data;

static NOINLINE void *gives(void *none)
{
    data = 42;
    COMPILER_BARRIER();
    ready = 1;
    return NULL;
}

static NOINLINE void *takes(void *none)
{
    while (!ready) {
        sched_yield();
        COMPILER_BARRIER();
    }
    if (data != 42)
        abort();
    return NULL;
}

int main(void) { return both(gives, takes); }
