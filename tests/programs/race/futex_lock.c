/* SPDX-License-Identifier: MIT */
/* A lock of three states on a futex, called as Linux offers it; the wrong thread enters without it. */
/* EXPECT: race adds on total */
/* TWIN */
#include "hidden.h"
#include <linux/futex.h>
#include <stdatomic.h>

static atomic_int word;
static long total;

static void take(void)
{
    int seen = 0;
    if (atomic_compare_exchange_strong(&word, &seen, 1))
        return;
    if (seen != 2)
        seen = atomic_exchange(&word, 2);
    while (seen != 0) {
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
        seen = atomic_exchange(&word, 2);
    }
}

static void give(void)
{
    if (atomic_fetch_sub(&word, 1) != 1) {
        atomic_store(&word, 0);
        syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

static NOINLINE void adds(void)
{
    total++;
    COMPILER_BARRIER();
}

static void *works(void *none)
{
    for (int i = 0; IS_TWIN && i < 50; i++) {
        take();
        adds();
        give();
    }
    take();
    give();
    hidden_meet(2);
    if (!IS_TWIN)
        adds();
    return NULL;
}

int main(void) { return both(works, works); }
