/* SPDX-License-Identifier: MIT */
/* A signal handler takes a mutex that main takes with the signal unblocked. */
/* EXPECT: lock-in-signal-handler on_signal/main on m */
#include <signal.h>

#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void on_signal(int number)
{
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
}

int main(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    signal(SIGUSR1, on_signal);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    raise(SIGUSR1);
    return 0;
}
