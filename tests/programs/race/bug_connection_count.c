/* SPDX-License-Identifier: MIT */
/* A server counts its connections in a member of its statistics, each thread without a lock; memory of a request from a pool. */
/* EXPECT: race serves on statistics.connections|statistics */
/* TWIN */
#include "hidden.h"

static struct {
    long started, bytes;
    int connections;
} statistics;

static NOINLINE void serves(void)
{
    if (IS_TWIN)
        __atomic_add_fetch(&statistics.connections, 1, __ATOMIC_RELAXED);
    else
        statistics.connections++;
}

static void *thread(void *none)
{
    for (int i = 0; i < 3; i++)
        serves();
    hidden_meet(2);
    return NULL;
}

int main(void) { return both(thread, thread); }
