/* SPDX-License-Identifier: MIT */
/* Timed waits end with the right error, not early, and on the right clock. */
#include "show.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;

static long elapsed_ms(const struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - from->tv_sec) * 1000 + (now.tv_nsec - from->tv_nsec) / 1000000;
}

#define TIMED(call)                                                                                \
    do {                                                                                           \
        struct timespec from, real = in_ms(CLOCK_REALTIME, 60), mono = in_ms(CLOCK_MONOTONIC, 60); \
        clock_gettime(CLOCK_MONOTONIC, &from);                                                     \
        errno = 0;                                                                                 \
        int result = (call);                                                                       \
        int error = errno;                                                                         \
        long ms = elapsed_ms(&from);                                                               \
        show("%s = %d, errno %d, %s", #call, result, error,                                        \
             ms < 58 ? "early" : ms < 5000 ? "in time" : "late");                                  \
        (void)real, (void)mono;                                                                    \
    } while (0)

static void *waiter(void *arg)
{
    struct timespec past = {1, 0}, bad = {1, 1000000000};
    TIMED(pthread_mutex_timedlock(&mutex, &real));
    TIMED(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &mono));
    TIMED(pthread_rwlock_timedrdlock(&rwlock, &real));
    TIMED(pthread_rwlock_timedwrlock(&rwlock, &real));
    TIMED(pthread_rwlock_clockrdlock(&rwlock, CLOCK_MONOTONIC, &mono));
    TIMED(pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &mono));
    TIMED(sem_timedwait(&sem, &real));
    TIMED(sem_clockwait(&sem, CLOCK_MONOTONIC, &mono));
    SHOW(pthread_mutex_timedlock(&mutex, &past));
    SHOW(pthread_mutex_timedlock(&mutex, &bad));
    SHOW(sem_timedwait(&sem, &bad));
    SHOW(sem_timedwait(&sem, &past));
    SHOW(pthread_rwlock_timedrdlock(&rwlock, &bad));
    SHOW(pthread_mutex_clocklock(&mutex, 99, &past));
    return arg;
}

static void *sleeper(void *arg) { sleep_ms(300); return arg; }

int main(void)
{
    pthread_t t;
    sem_init(&sem, 0, 0);
    pthread_mutex_lock(&mutex);
    pthread_rwlock_wrlock(&rwlock);
    pthread_create(&t, NULL, waiter, NULL);
    pthread_join(t, NULL);
    TIMED(pthread_cond_timedwait(&cond, &mutex, &real));
    TIMED(pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &mono));
    pthread_cond_t monotonic;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&monotonic, &attr);
    TIMED(pthread_cond_timedwait(&monotonic, &mutex, &mono));
    struct timespec bad = {1, -1};
    SHOW(pthread_cond_timedwait(&cond, &mutex, &bad));
    pthread_create(&t, NULL, sleeper, NULL);
    TIMED(pthread_timedjoin_np(t, NULL, &real));
    TIMED(pthread_clockjoin_np(t, NULL, CLOCK_MONOTONIC, &mono));
    SHOW(pthread_tryjoin_np(t, NULL));
    SHOW(pthread_join(t, NULL));
    pthread_mutex_unlock(&mutex);
    pthread_rwlock_unlock(&rwlock);
    return 0;
}
