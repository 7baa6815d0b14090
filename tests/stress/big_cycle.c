/* SPDX-License-Identifier: MIT */
/* A cycle over many locks, an edge by each of as many threads that live at the same time; semaphores
 * that the program waits for would order them, so a gate lets one at a time through by polling. */
/* EXPECT: lock-order edge */
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
    pthread_mutex_lock(&locks[i]);
    pthread_mutex_lock(&locks[(i + 1) % count]);
    pthread_mutex_unlock(&locks[(i + 1) % count]);
    pthread_mutex_unlock(&locks[i]);
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
    printf("a cycle of %llu\n", (unsigned long long)count);
    return 0;
}
