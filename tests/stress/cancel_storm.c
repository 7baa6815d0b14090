/* SPDX-License-Identifier: MIT */
/* Threads cancelled at random moments, in condition waits, semaphore waits, sleeps and reads, holding a
 * lock that their cleanup handler releases. */
/* EXPECT-NONE */
/* SHORT: 300 */
/* LONG: 20000 */
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include "stress.h"

#define WAYS 4

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t empty, started;
static int silent_pipe[2];

static void give_back(void *arg)
{
    pthread_mutex_unlock(arg);
}

static void take_and_give(void *arg)
{
    pthread_mutex_lock(arg);
    pthread_mutex_unlock(arg);
}

static void wait_on_condition(void)
{
    pthread_mutex_lock(&lock);
    pthread_cleanup_push(give_back, &lock);
    sem_post(&started);
    for (;;)
        pthread_cond_wait(&never, &lock);
    pthread_cleanup_pop(1);
}

static void wait_for_semaphore(void)
{
    pthread_cleanup_push(take_and_give, &lock);
    sem_post(&started);
    for (;;)
        sem_wait(&empty);
    pthread_cleanup_pop(1);
}

static void read_nothing(void)
{
    char byte;
    pthread_cleanup_push(take_and_give, &lock);
    sem_post(&started);
    for (;;)
        CHECK(read(silent_pipe[0], &byte, 1) == 1);
    pthread_cleanup_pop(1);
}

/* Holds the lock across a cancellation point, with a timeout so that others get on. */
static void sleep_holding(void)
{
    sem_post(&started);
    for (;;) {
        pthread_mutex_lock(&lock);
        pthread_cleanup_push(give_back, &lock);
        usleep(100);
        pthread_cleanup_pop(1);
        pthread_testcancel();
    }
}

static void *work(void *arg)
{
    switch ((uintptr_t)arg % WAYS) {
    case 0: wait_on_condition(); break;
    case 1: wait_for_semaphore(); break;
    case 2: read_nothing(); break;
    default: sleep_holding(); break;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t count = stress_argument(argc, argv, 1, 1000), state = 1;
    sem_init(&empty, 0, 0);
    sem_init(&started, 0, 0);
    CHECK(pipe(silent_pipe) == 0);
    for (uintptr_t i = 0; i < count; i++) {
        pthread_t thread;
        void *value;
        if (stress_is_point(i, count))
            stress_point(i);
        CHECK(pthread_create(&thread, NULL, work, (void *)i) == 0);
        while (sem_wait(&started) != 0)
            ;
        for (uint64_t spin = stress_random(&state) % 2000; spin > 0; spin--)
            __asm__ volatile("");
        CHECK(pthread_cancel(thread) == 0);
        CHECK(pthread_join(thread, &value) == 0 && value == PTHREAD_CANCELED);
        CHECK(pthread_mutex_lock(&lock) == 0);
        CHECK(pthread_mutex_unlock(&lock) == 0);
    }
    stress_point(count);
    printf("%llu cancelled\n", (unsigned long long)count);
    return 0;
}
