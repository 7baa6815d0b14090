/* SPDX-License-Identifier: MIT */
/* A signal handler waits for the mutex that the code holds which it has interrupted: one mistake. */
/* EXPECT: double-lock handler on m */
/* STUCK */
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
    signal(SIGUSR1, handler);
    pthread_mutex_lock(&m);
    raise(SIGUSR1);
    pthread_mutex_unlock(&m);
    return 0;
}
