/* SPDX-License-Identifier: MIT */
/* Ten thousand distinct "held one, took the other" pairs by several threads in one common order. */
/* EXPECT-NONE */
/* SHORT: 1000 */
/* LONG: 10000 */
#include <pthread.h>

#include "stress.h"

#define THREADS 4

static pthread_mutex_t *outer, *inner;
static uint64_t side;
static uint64_t entered;
static pthread_mutex_t entered_lock = PTHREAD_MUTEX_INITIALIZER;

static void *work(void *arg)
{
    int reports = *(int *)arg == 0;
    uint64_t pairs = side * side;
    for (uint64_t i = 0; i < pairs; i++) {
        if (reports && stress_is_point(i, pairs))
            stress_point(i);
        pthread_mutex_lock(&outer[i / side]);
        pthread_mutex_lock(&inner[i % side]);
        pthread_mutex_unlock(&inner[i % side]);
        pthread_mutex_unlock(&outer[i / side]);
    }
    if (reports)
        stress_point(pairs);
    pthread_mutex_lock(&entered_lock);
    entered += pairs;
    pthread_mutex_unlock(&entered_lock);
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t pairs = stress_argument(argc, argv, 1, 10000);
    for (side = 1; (side + 1) * (side + 1) <= pairs; side++)
        ;
    outer = calloc(side, sizeof *outer);
    inner = calloc(side, sizeof *inner);
    pthread_t threads[THREADS];
    int numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&threads[i], NULL, work, &numbers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%llu pairs\n", (unsigned long long)entered);
    return 0;
}
