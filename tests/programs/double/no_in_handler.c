/* SPDX-License-Identifier: MIT */
/* The signal is blocked while the code that it would interrupt holds the mutex. */
/* EXPECT-NONE */
#include <signal.h>

#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void handler(int signo)
{
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
}

int main(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    signal(SIGUSR1, handler);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_mutex_lock(&m);
    raise(SIGUSR1);
    pthread_mutex_unlock(&m);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return 0;
}
