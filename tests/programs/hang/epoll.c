/* SPDX-License-Identifier: MIT */
/* A server's loop is stopped by a timer, and forgets to tell the thread that waits. */
/* STUCK */
/* EXPECT: hang main on stopped */
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "unseen.h"

static sem_t stopped;

static void *serve(void *argument)
{
    struct epoll_event wanted = {.events = EPOLLIN}, got;
    struct itimerspec time = {.it_value = {.tv_sec = 1, .tv_nsec = 500000000}};
    int poller = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &wanted);
    timerfd_settime(timer, 0, &time, NULL);
    if (epoll_wait(poller, &got, 1, -1) != 1)
        abort();
    return NULL;
}

int main(void)
{
    sem_init(&stopped, 0, 0);
    pthread_t thread = start(serve, NULL);
    sem_wait(&stopped);
    join(thread);
    return 0;
}
