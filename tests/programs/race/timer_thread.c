/* SPDX-License-Identifier: MIT */
/* A timer's thread comes after timer_settime; what is written after that is not ordered with it. */
/* EXPECT: race main/expires on setting */
/* TWIN */
#include "hidden.h"
#include <signal.h>

static sem_t expired;
static int setting;

static NOINLINE void expires(union sigval none)
{
    hidden_await(1);
    USE(*(volatile int *)&setting);
    sem_post(&expired);
}

int main(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD};
    struct itimerspec soon = {.it_value.tv_nsec = 1000};
    event.sigev_notify_function = expires;
    sem_init(&expired, 0, 0);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer))
        return 1;
    if (IS_TWIN)
        setting = 1;
    timer_settime(timer, 0, &soon, NULL);
    if (!IS_TWIN)
        setting = 1;
    hidden_done(1);
    sem_wait(&expired);
    return 0;
}
