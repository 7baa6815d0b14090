/* SPDX-License-Identifier: MIT */
/* The handler posts a semaphore, which a handler may do. */
/* EXPECT-NONE */
#include <signal.h>

#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static sem_t s;

static void on_signal(int number)
{
    sem_post(&s);
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sem_init(&s, 0, 0);
    sigaction(SIGUSR2, &action, NULL);
    pthread_kill(pthread_self(), SIGUSR2);
    sem_wait(&s);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return 0;
}
