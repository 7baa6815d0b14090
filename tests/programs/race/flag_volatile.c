/* SPDX-License-Identifier: MIT */
/* volatile is no synchronisation; the twin's flag is stored and loaded with release and acquire. */
/* EXPECT: race gives/takes on ready */
/* TWIN */
#include "hidden.h"

static volatile int ready;
static int data;

static NOINLINE void *gives(void *none)
{
    data = 42;
    if (IS_TWIN)
        __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
    else
        ready = 1;
    return NULL;
}

static NOINLINE void *takes(void *none)
{
    while (!(IS_TWIN ? __atomic_load_n(&ready, __ATOMIC_ACQUIRE) : ready))
        sched_yield();
    if (data != 42)
        abort();
    return NULL;
}

int main(void) { return both(gives, takes); }
