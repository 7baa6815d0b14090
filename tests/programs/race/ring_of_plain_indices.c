/* SPDX-License-Identifier: MIT */
/* The same ring with plain indices: they race, and are all that is reported. */
/* EXPECT: race produces/consumes on head */
/* EXPECT: race produces/consumes on tail */
/* TWIN */
#include "hidden.h"
#include <stdatomic.h>

enum { SIZE = 4, COUNT = 40 };
static int cells[SIZE];
#ifdef TWIN
static _Atomic unsigned head, tail;
#else
static volatile unsigned head, tail;
#endif

static NOINLINE void *produces(void *none)
{
    for (unsigned i = 0; i < COUNT; i++) {
        SPIN_UNTIL(i - tail < SIZE);
        cells[i % SIZE] = (int)i;
        head = i + 1;
    }
    return NULL;
}

static NOINLINE void *consumes(void *none)
{
    for (unsigned i = 0; i < COUNT; i++) {
        SPIN_UNTIL(head > i);
        USE(*(volatile int *)&cells[i % SIZE]);
        tail = i + 1;
    }
    return NULL;
}

int main(void) { return both(produces, consumes); }
