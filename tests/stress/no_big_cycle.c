/* SPDX-License-Identifier: MIT */
/* The twin of big_cycle: the last thread takes its two locks in the common order, so nothing closes. */
/* EXPECT-NONE */
/* SHORT: 32 */
/* LONG: 36 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "stress.h"

static pthread_mutex_t *locks;
static uint64_t count;
static atomic_ulong turn;

static void __attribute__((noinline)) edge(uint64_t i)
{
    uint64_t next = (i + 1) % count, low = i < next ? i : next, high = i < next ? next : i;
    pthread_mutex_lock(&locks[low]);
    pthread_mutex_lock(&locks[high]);
    pthread_mutex_unlock(&locks[high]);
    pthread_mutex_unlock(&locks[low]);
}

static void *work(void *arg)
{
    uint64_t mine = (uintptr_t)arg;
    while (atomic_load(&turn) != mine)
        sched_yield();
    edge(mine);
    atomic_fetch_add(&turn, 1);
    return NULL;
}

int main(int argc, char **argv)
{
    count = stress_argument(argc, argv, 1, 32);
    locks = calloc(count, sizeof *locks);
    pthread_t *threads = calloc(count, sizeof *threads);
    for (uintptr_t i = 0; i < count; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (uint64_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    printf("no cycle of %llu\n", (unsigned long long)count);
    return 0;
}
