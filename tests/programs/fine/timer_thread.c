/* SPDX-License-Identifier: MIT */
/* A timer's own thread posts what all others wait for. */
/* EXPECT-NONE */
#include <signal.h>

#include "unseen.h"

static sem_t s;

static void on_timer(union sigval value)
{
    sem_post(&s);
}

int main(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_timer};
    struct itimerspec time = {.it_value = {.tv_sec = 1, .tv_nsec = 500000000}};
    sem_init(&s, 0, 0);
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &time, NULL);
    while (sem_wait(&s) && errno == EINTR)
        ;
    return 0;
}
