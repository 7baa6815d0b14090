/* SPDX-License-Identifier: MIT */
/* Threads with the smallest stacks, and with stacks of the program's own, that use everything and get signals. */
#include <limits.h>
#include <sys/mman.h>

#include "show.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t sem;
static int count, onces;

static void routine(void) { onces++; }

static void *work(void *arg)
{
    struct timespec soon = in_ms(CLOCK_REALTIME, 5);
    pthread_once(&once, routine);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_lock(&other);
        count++;
        pthread_mutex_unlock(&other);
        pthread_cond_broadcast(&cond);
        pthread_mutex_unlock(&mutex);
        pthread_rwlock_rdlock(&rwlock);
        pthread_rwlock_unlock(&rwlock);
        sem_post(&sem);
        sem_wait(&sem);
    }
    pthread_mutex_lock(&mutex);
    pthread_cond_timedwait(&cond, &mutex, &soon);
    pthread_mutex_unlock(&mutex);
    return arg;
}

int main(void)
{
    enum { N = 8 };
    pthread_t threads[2 * N];
    pthread_attr_t attr;
    sem_init(&sem, 0, 0);
    pthread_barrier_init(&barrier, NULL, 2 * N);
    for (int i = 0; i < 2 * N; i++) {
        pthread_attr_init(&attr);
        if (i < N)
            SHOW(pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN));
        else
            SHOW(pthread_attr_setstack(&attr, mmap(NULL, 20480, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                                                   -1, 0), 20480));
        SHOW(pthread_create(&threads[i], &attr, work, NULL));
    }
    for (int i = 0; i < 2 * N; i++)
        pthread_join(threads[i], NULL);
    show("count %d onces %d", count, onces);
    return 0;
}
