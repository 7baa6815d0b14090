/* SPDX-License-Identifier: MIT */
/* Locks allocated and freed in a loop by two threads, with destroy and without (std::mutex has none),
 * in blocks of many sizes, and in mappings that are unmapped: old records must go. */
/* EXPECT-NONE */
/* SHORT: 20000 */
/* LONG: 10000000 */
#include <pthread.h>
#include <sys/mman.h>

#include "stress.h"

#define THREADS 2
#define ALIVE 64

static uint64_t turns;

static void use(pthread_mutex_t *lock)
{
    CHECK(pthread_mutex_lock(lock) == 0);
    CHECK(pthread_mutex_unlock(lock) == 0);
}

static pthread_mutex_t *allocate(uint64_t random)
{
    char *block = malloc(sizeof(pthread_mutex_t) + random % 500);
    CHECK(block);
    pthread_mutex_t *lock = (pthread_mutex_t *)block;
    *lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    if (random & 1)
        pthread_mutex_init(lock, NULL);
    return lock;
}

static void release(pthread_mutex_t *lock, uint64_t random)
{
    if (random & 2)
        pthread_mutex_destroy(lock);
    free(lock);
}

static void map_and_unmap(void)
{
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    use((pthread_mutex_t *)(page + 128));
    CHECK(munmap(page, 4096) == 0);
}

static void *work(void *arg)
{
    uint64_t seed = (uintptr_t)arg, state = seed;
    pthread_mutex_t *alive[ALIVE] = {0};
    for (uint64_t i = 0; i < turns; i++) {
        if (seed == 1 && stress_is_point(i, turns))
            stress_point(i);
        uint64_t random = stress_random(&state);
        unsigned slot = (unsigned)(random >> 32) % ALIVE;
        if (alive[slot])
            release(alive[slot], random);
        alive[slot] = allocate(random);
        use(alive[slot]);
        if (i % 100 == 0)
            map_and_unmap();
    }
    if (seed == 1)
        stress_point(turns);
    for (unsigned i = 0; i < ALIVE; i++)
        free(alive[i]);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    turns = stress_argument(argc, argv, 1, 1000000);
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%llu turns\n", (unsigned long long)turns);
    return 0;
}
