/* SPDX-License-Identifier: MIT */
/* A profiling timer at 1 kHz over threads that lock all the time: nothing is lost, nothing hangs. */
#include <sys/time.h>

#include "show.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static long total;
static int turn;
static volatile sig_atomic_t ticks;

static void tick(int signo) { ticks++; (void)signo; }

static void *work(void *arg)
{
    int me = (int)(long)arg;
    for (int i = 0; i < 20000; i++) {
        pthread_mutex_lock(&mutex);
        total++;
        if (i % 100 == 0) {
            while (turn != me)
                pthread_cond_wait(&turned, &mutex);
            turn = (turn + 1) % 3;
            pthread_cond_broadcast(&turned);
        }
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

int main(void)
{
    struct sigaction act = {.sa_handler = tick, .sa_flags = SA_RESTART};
    sigaction(SIGPROF, &act, NULL);
    struct itimerval every = {{0, 1000}, {0, 1000}};
    setitimer(ITIMER_PROF, &every, NULL);
    pthread_t threads[3];
    for (long i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    volatile unsigned long spin = 0;
    while (ticks < 3)
        spin++;
    show("total %ld, ticks %d", total, ticks >= 3);
    return 0;
}
