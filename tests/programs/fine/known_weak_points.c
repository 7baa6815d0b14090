/* SPDX-License-Identifier: MIT */
/* What other tools trip over, all of it right: joins of every kind, timed and clock variants, C11 threads. */
/* EXPECT-NONE */
#include <threads.h>

#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;
static sem_t s;
static pid_t tid;

static void *quick(void *argument)
{
    tid = own_tid();
    step_done((int)(long)argument);
    return NULL;
}

static int c11(void *argument) { return *(int *)argument; }

int main(void)
{
    struct timespec limit = in_milliseconds(60000), past = {1, 0};
    int seven = 7, result;
    thrd_t c11_thread;
    pthread_t thread = start(quick, (void *)1);
    await_step(1);
    await_gone(tid);
    if (pthread_detach(thread))
        return 1;
    thread = start(quick, (void *)2);
    if (pthread_timedjoin_np(thread, NULL, &limit))
        return 2;
    thread = start(quick, (void *)3);
    await_step(3);
    SPIN_UNTIL(pthread_tryjoin_np(thread, NULL) == 0);
    sem_init(&s, 0, 1);
    if (sem_trywait(&s) || !sem_trywait(&s) || !sem_clockwait(&s, CLOCK_REALTIME, &past))
        return 3;
    if (pthread_mutex_clocklock(&m, CLOCK_REALTIME, &limit) || pthread_mutex_unlock(&m))
        return 4;
    if (pthread_rwlock_clockrdlock(&r, CLOCK_MONOTONIC, &limit) || pthread_rwlock_unlock(&r))
        return 5;
    if (pthread_rwlock_clockwrlock(&r, CLOCK_REALTIME, &limit) || pthread_rwlock_unlock(&r))
        return 6;
    if (thrd_create(&c11_thread, c11, &seven) || thrd_join(c11_thread, &result) || result != 7)
        return 7;
    return 0;
}
