/* SPDX-License-Identifier: MIT */
/* Fences between relaxed accesses order the data; without any atomic there is only a race. */
/* EXPECT: race gives/takes on flag */
/* TWIN */
#include "hidden.h"
#include <stdatomic.h>

static atomic_int atomic_flag_word;
static int flag, data;

static NOINLINE void *gives(void *none)
{
    data = 1;
    atomic_thread_fence(memory_order_release);
    if (IS_TWIN)
        atomic_store_explicit(&atomic_flag_word, 1, memory_order_relaxed);
    else
        flag = 1;
    return NULL;
}

static NOINLINE void *takes(void *none)
{
    if (IS_TWIN)
        SPIN_UNTIL(atomic_load_explicit(&atomic_flag_word, memory_order_relaxed));
    else
        SPIN_UNTIL(*(volatile int *)&flag);
    atomic_thread_fence(memory_order_acquire);
    return data == 1 ? NULL : (void *)1;
}

int main(void) { return both(gives, takes); }
