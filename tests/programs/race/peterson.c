/* SPDX-License-Identifier: MIT */
/* Peterson's algorithm is right with sequentially consistent atomics; with plain flags it is a race on them. */
/* EXPECT: race enters on wants */
/* EXPECT: race enters on turn */
/* TWIN */
#include "hidden.h"

static int wants[2], turn;
static long inside;

#ifdef TWIN
static inline void put(int *where, int value) { __atomic_store_n(where, value, __ATOMIC_SEQ_CST); }
static inline int get(int *where) { return __atomic_load_n(where, __ATOMIC_SEQ_CST); }
#else
static inline void put(int *where, int value) { *(volatile int *)where = value; }
static inline int get(int *where) { return *(volatile int *)where; }
#endif

static NOINLINE void enters(int me)
{
    put(&wants[me], 1);
    put(&turn, 1 - me);
    if (!IS_TWIN)
        __sync_synchronize();
    SPIN_UNTIL(!(get(&wants[1 - me]) && get(&turn) == 1 - me));
    if (IS_TWIN)
        inside++;
    COMPILER_BARRIER();
    put(&wants[me], 0);
}

static void *first(void *none)
{
    enters(0);
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    enters(1);
    return NULL;
}

int main(void) { return both(first, second); }
