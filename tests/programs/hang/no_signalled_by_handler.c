/* SPDX-License-Identifier: MIT */
/* All wait until a timer's signal handler signals the condition variable. */
/* EXPECT-NONE */
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t quit = PTHREAD_COND_INITIALIZER;
static atomic_int stop;

static void on_alarm(int number)
{
    stop = 1;
    pthread_cond_broadcast(&quit);
}

static void *wait_for_end(void *argument)
{
    pthread_mutex_lock(&m);
    while (!stop)
        pthread_cond_wait(&quit, &m);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    struct itimerval time = {.it_value = {.tv_sec = 1, .tv_usec = 500000}};
    signal(SIGALRM, on_alarm);
    pthread_t thread = start(wait_for_end, NULL);
    setitimer(ITIMER_REAL, &time, NULL);
    wait_for_end(NULL);
    join(thread);
    return 0;
}
