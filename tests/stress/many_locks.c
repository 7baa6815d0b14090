/* SPDX-License-Identifier: MIT */
/* A million mutexes alive at once, used by two threads, one after the other. */
/* EXPECT-NONE */
/* SHORT: 50000 64 */
/* LONG: 1000000 64 */
/* LONG: 1000000 malloc */
#include <pthread.h>

#include "stress.h"

static pthread_mutex_t **locks;
static uint64_t count;

static pthread_mutex_t *in_array(uint64_t i, size_t stride)
{
    static char *array;
    if (!array)
        array = calloc(count, stride);
    CHECK(array);
    return (pthread_mutex_t *)(array + i * stride);
}

static pthread_mutex_t *in_block(void)
{
    pthread_mutex_t *lock = malloc(64);
    CHECK(lock && pthread_mutex_init(lock, NULL) == 0);
    return lock;
}

static void *use_all(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < count; i++) {
        if (stress_is_point(i, count))
            stress_point(i);
        pthread_mutex_lock(locks[i]);
        pthread_mutex_unlock(locks[i]);
    }
    stress_point(count);
    return NULL;
}

int main(int argc, char **argv)
{
    count = stress_argument(argc, argv, 1, 1000000);
    size_t stride = argc > 2 && strcmp(argv[2], "malloc") == 0 ? 0 : stress_argument(argc, argv, 2, 64);
    locks = malloc(count * sizeof *locks);
    CHECK(locks);
    for (uint64_t i = 0; i < count; i++)
        locks[i] = stride ? in_array(i, stride) : in_block();
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, use_all, NULL) == 0);
    pthread_join(thread, NULL);
    printf("%llu locks\n", (unsigned long long)count);
    return 0;
}
