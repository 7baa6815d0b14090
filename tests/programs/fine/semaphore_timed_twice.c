/* SPDX-License-Identifier: MIT */
/* A semaphore that behaved as a lock so far; its holder waits for it with a timeout, as Python's
 * `lock.acquire(timeout=…)` does: another thread may post it, and if none does the wait just ends. */
/* EXPECT-NONE */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

static sem_t gate;

static void *pass(void *arg)
{
    sem_wait(&gate);
    sem_post(&gate);
    return arg;
}

int main(void)
{
    pthread_t thread;
    struct timespec until;
    sem_init(&gate, 0, 1);
    pthread_create(&thread, NULL, pass, NULL);
    pthread_join(thread, NULL);

    sem_wait(&gate);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += until.tv_nsec >= 990000000;
    until.tv_nsec = (until.tv_nsec + 10000000) % 1000000000;
    int ended = sem_timedwait(&gate, &until) != 0 && errno == ETIMEDOUT;
    sem_post(&gate);
    return ended ? 0 : 1;
}
