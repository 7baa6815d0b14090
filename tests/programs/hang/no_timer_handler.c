/* SPDX-License-Identifier: MIT */
/* All wait until a timer's signal handler posts. */
/* EXPECT-NONE */
#include <signal.h>
#include <sys/time.h>

#include "unseen.h"

static sem_t s;

static void on_alarm(int number) { sem_post(&s); }

static void *bystander(void *argument)
{
    while (sem_wait(&s) && errno == EINTR)
        ;
    sem_post(&s);
    return NULL;
}

int main(void)
{
    struct itimerval time = {.it_value = {.tv_sec = 1, .tv_usec = 500000}};
    sem_init(&s, 0, 0);
    signal(SIGALRM, on_alarm);
    pthread_t thread = start(bystander, NULL);
    setitimer(ITIMER_REAL, &time, NULL);
    while (sem_wait(&s) && errno == EINTR)
        ;
    sem_post(&s);
    join(thread);
    return 0;
}
