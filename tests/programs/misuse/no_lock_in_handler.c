/* SPDX-License-Identifier: MIT */
/* main blocks the signal while it holds the mutex. */
/* EXPECT-NONE */
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
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGUSR1);
    return 0;
}
