/* SPDX-License-Identifier: MIT */
/* The opposite order is taken after an eventfd was seen readable by epoll and read. */
/* EXPECT-NONE */
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static int event, poller;

static void *take_ab(void *argument)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    step_done(1);
    eventfd_write(event, 1);
    return NULL;
}

static void await_event(void)
{
    struct epoll_event got;
    eventfd_t value;
    if (epoll_wait(poller, &got, 1, -1) != 1 || eventfd_read(event, &value))
        abort();
}

static void *take_ba(void *argument)
{
    await_event();
    await_step(1);
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    return NULL;
}

int main(void)
{
    event = eventfd(0, 0);
    poller = epoll_create1(0);
    struct epoll_event wanted = {.events = EPOLLIN};
    epoll_ctl(poller, EPOLL_CTL_ADD, event, &wanted);
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    return 0;
}
