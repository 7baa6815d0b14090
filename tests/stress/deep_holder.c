/* SPDX-License-Identifier: MIT */
/* A thread that holds a thousand locks, and gives them back first in first out, last in first out, and
 * in random order; two threads, in one common order of taking. */
/* EXPECT-NONE */
/* SHORT: 1000 */
/* LONG: 1000 50 */
#include <pthread.h>

#include "stress.h"

static pthread_mutex_t *locks;
static uint64_t count, rounds;

static void take_all(int reports)
{
    for (uint64_t i = 0; i < count; i++) {
        if (reports && stress_is_point(i, count))
            stress_point(i);
        CHECK(pthread_mutex_lock(&locks[i]) == 0);
    }
    if (reports)
        stress_point(count);
}

static void shuffle(uint64_t *order, uint64_t *state)
{
    for (uint64_t i = 0; i < count; i++)
        order[i] = i;
    for (uint64_t i = count - 1; i > 0; i--) {
        uint64_t j = stress_random(state) % (i + 1), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

static void *work(void *arg)
{
    uint64_t state = (uintptr_t)arg, *order = calloc(count, sizeof *order);
    CHECK(order);
    for (uint64_t round = 0; round < rounds; round++) {
        take_all(state == 1 && round == 0);
        for (uint64_t i = 0; i < count; i++)
            CHECK(pthread_mutex_unlock(&locks[i]) == 0);
        take_all(0);
        for (uint64_t i = count; i-- > 0;)
            CHECK(pthread_mutex_unlock(&locks[i]) == 0);
        take_all(0);
        shuffle(order, &state);
        for (uint64_t i = 0; i < count; i++)
            CHECK(pthread_mutex_unlock(&locks[order[i]]) == 0);
    }
    free(order);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    count = stress_argument(argc, argv, 1, 1000);
    rounds = stress_argument(argc, argv, 2, 1);
    locks = calloc(count, sizeof *locks);
    for (uintptr_t i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%llu locks held, %llu rounds\n", (unsigned long long)count, (unsigned long long)rounds);
    return 0;
}
