/* SPDX-License-Identifier: MIT */
/* The old __sync builtins: a lock by test-and-set, released by a plain-looking store; the wrong one forgets to take it. */
/* EXPECT: race first/second on guarded */
/* TWIN */
#include "hidden.h"

static int lock, guarded;

static void take(void)
{
    while (__sync_lock_test_and_set(&lock, 1))
        sched_yield();
}
static void give(void) { __sync_lock_release(&lock); }

static void *first(void *none)
{
    take();
    guarded++;
    give();
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    if (IS_TWIN)
        take();
    guarded++;
    COMPILER_BARRIER();
    if (IS_TWIN)
        give();
    return NULL;
}

int main(void) { return both(first, second); }
