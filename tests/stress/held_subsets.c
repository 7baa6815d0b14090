/* SPDX-License-Identifier: MIT */
/* Threads that hold random subsets of many locks, always taken in one common order: nearly every
 * combination is new, so that the lock-order graph grows and grows while nothing is wrong. */
/* EXPECT-NONE */
/* SHORT: 3000 */
/* LONG: 100000 */
#include <pthread.h>

#include "stress.h"

#define THREADS 4
#define LOCKS 200
#define HELD 8

static pthread_mutex_t locks[LOCKS];
static uint64_t turns, done;
static pthread_mutex_t done_lock = PTHREAD_MUTEX_INITIALIZER;

static void one_turn(uint64_t *state)
{
    unsigned picked[HELD], at = 0;
    for (unsigned k = 0; k < HELD; k++) {
        at += 1 + (unsigned)(stress_random(state) % (LOCKS / HELD - 1));
        picked[k] = at;
        CHECK(pthread_mutex_lock(&locks[at]) == 0);
    }
    for (unsigned k = HELD; k-- > 0;)
        CHECK(pthread_mutex_unlock(&locks[picked[k]]) == 0);
}

static void *work(void *arg)
{
    uint64_t seed = (uintptr_t)arg, state = seed;
    for (uint64_t i = 0; i < turns; i++) {
        if (seed == 1 && stress_is_point(i, turns))
            stress_point(i);
        one_turn(&state);
    }
    if (seed == 1)
        stress_point(turns);
    pthread_mutex_lock(&done_lock);
    done += turns;
    pthread_mutex_unlock(&done_lock);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    turns = stress_argument(argc, argv, 1, 20000);
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%llu turns\n", (unsigned long long)done);
    return 0;
}
