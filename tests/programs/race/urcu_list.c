/* SPDX-License-Identifier: MIT */
/* Userspace RCU: a reader inside its section, a writer that waits for a grace period before it frees, or does not. */
/* PACKAGES: liburcu-mb */
/* EXPECT: free-race reads/replaces */
/* TWIN */
#include "hidden.h"
#include <urcu/urcu-mb.h>

static struct entry {
    int value;
} *current;

static NOINLINE void *reads(void *none)
{
    urcu_mb_register_thread();
    urcu_mb_read_lock();
    struct entry *entry = rcu_dereference(current);
    USE(*(volatile int *)&entry->value);
    hidden_done(1);
    urcu_mb_read_unlock();
    urcu_mb_unregister_thread();
    return NULL;
}

static NOINLINE void *replaces(void *none)
{
    struct entry *fresh = malloc(sizeof *fresh), *old;
    fresh->value = 2;
    hidden_await(1);
    old = current;
    rcu_assign_pointer(current, fresh);
    if (IS_TWIN)
        urcu_mb_synchronize_rcu();
    free(old);
    return NULL;
}

int main(void)
{
    urcu_mb_init();
    current = calloc(1, sizeof *current);
    return both(reads, replaces);
}
