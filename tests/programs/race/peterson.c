/* SPDX-License-Identifier: MIT */
/* Peterson's algorithm is right with sequentially consistent atomics; with plain flags it is a race on them. */
/* EXPECT: race enters on wants */
/* EXPECT: race enters on turn */
/* TWIN */
#include "hidden.h"

static int wants[2], turn;
static long inside;

#define STORE(where, value)                                                                        \
    (IS_TWIN ? __atomic_store_n(&(where), value, __ATOMIC_SEQ_CST) : (void)(*(volatile int *)&(where) = (value)))
#define LOAD(where) (IS_TWIN ? __atomic_load_n(&(where), __ATOMIC_SEQ_CST) : *(volatile int *)&(where))

static NOINLINE void enters(int me)
{
    STORE(wants[me], 1);
    STORE(turn, 1 - me);
    if (!IS_TWIN)
        __sync_synchronize();
    SPIN_UNTIL(!(LOAD(wants[1 - me]) && LOAD(turn) == 1 - me));
    if (IS_TWIN)
        inside++;
    COMPILER_BARRIER();
    STORE(wants[me], 0);
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
