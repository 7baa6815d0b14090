/* SPDX-License-Identifier: MIT */
/* One thread sleeps on a futex until another sets the word and wakes it; the wrong one writes after the wake. */
/* EXPECT: race sets/sleeps on data */
/* TWIN */
#include "hidden.h"
#include <linux/futex.h>

static int word, data;

static NOINLINE void *sets(void *none)
{
    if (IS_TWIN)
        data = 1;
    __atomic_store_n(&word, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    if (!IS_TWIN)
        data = 1;
    hidden_done(1);
    return NULL;
}

static NOINLINE void *sleeps(void *none)
{
    while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) == 0)
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    hidden_await(1);
    USE(*(volatile int *)&data);
    return NULL;
}

int main(void) { return both(sets, sleeps); }
