/* SPDX-License-Identifier: MIT */
/* A thousand threads alive at once, each with a mutex of its own and all with a common one. */
/* EXPECT-NONE */
/* SHORT: 200 */
/* LONG: 1000 */
#include <pthread.h>

#include "stress.h"

#define LOCKS_PER_THREAD 20

static pthread_mutex_t common = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came = PTHREAD_COND_INITIALIZER, leave = PTHREAD_COND_INITIALIZER;
static uint64_t arrived, total;
static int go;

static void *work(void *arg)
{
    pthread_mutex_t *own = arg;
    for (int i = 0; i < LOCKS_PER_THREAD; i++) {
        pthread_mutex_lock(own);
        pthread_mutex_lock(&common);
        total++;
        pthread_mutex_unlock(&common);
        pthread_mutex_unlock(own);
    }
    pthread_mutex_lock(&common);
    arrived++;
    pthread_cond_signal(&came);
    while (!go)
        pthread_cond_wait(&leave, &common);
    pthread_mutex_unlock(&common);
    return own;
}

int main(int argc, char **argv)
{
    uint64_t count = stress_argument(argc, argv, 1, 1000);
    pthread_t *threads = calloc(count, sizeof *threads);
    pthread_mutex_t *locks = calloc(count, sizeof *locks);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    for (uint64_t i = 0; i < count; i++) {
        if (stress_is_point(i, count))
            stress_point(i);
        CHECK(pthread_create(&threads[i], &small, work, &locks[i]) == 0);
        /* One after the other, so that the cost of each step is that of one thread. */
        pthread_mutex_lock(&common);
        while (arrived < i + 1)
            pthread_cond_wait(&came, &common);
        pthread_mutex_unlock(&common);
    }
    pthread_mutex_lock(&common);
    go = 1;
    pthread_cond_broadcast(&leave);
    pthread_mutex_unlock(&common);
    stress_point(count);
    for (uint64_t i = 0; i < count; i++) {
        void *value;
        CHECK(pthread_join(threads[i], &value) == 0 && value == &locks[i]);
    }
    printf("%llu threads, %llu operations\n", (unsigned long long)count, (unsigned long long)total);
    return 0;
}
