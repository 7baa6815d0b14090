/* SPDX-License-Identifier: MIT */
/* Real-time signals to a thread that is busy in lock calls: every one arrives once. */
#include "show.h"

static volatile int stop;
static volatile sig_atomic_t received;
static void handler(int signo) { received++; (void)signo; }

static void *locker(void *arg)
{
    static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
    while (!stop) {
        pthread_mutex_lock(&m);
        pthread_rwlock_rdlock(&rw);
        pthread_rwlock_unlock(&rw);
        pthread_mutex_unlock(&m);
    }
    return arg;
}

int main(void)
{
    struct sigaction act = {.sa_handler = handler};
    sigaction(SIGRTMIN, &act, NULL);
    pthread_t t;
    pthread_create(&t, NULL, locker, NULL);
    int sent = 0;
    for (int i = 0; i < 3000; i++)
        if (pthread_sigqueue(t, SIGRTMIN, (union sigval){.sival_int = i}) == 0)
            sent++;
        else
            sleep_ms(1);
    while (received < sent)
        sleep_ms(1);
    sleep_ms(20);
    show("all received %d", received == sent);
    stop = 1;
    pthread_join(t, NULL);
    return 0;
}
