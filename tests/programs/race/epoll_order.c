/* SPDX-License-Identifier: MIT */
/* epoll and poll tell of a descriptor; it is the read that orders, for a level that is only polled as well. */
/* EXPECT: race sender/polls on late */
/* TWIN */
#include "hidden.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>

static int event, set, value, late;

static void *sender(void *none)
{
    uint64_t one = 1;
    value = 1;
    if (IS_TWIN)
        late = 1;
    USE(write(event, &one, sizeof one));
    if (!IS_TWIN)
        late = 1;
    hidden_done(1);
    return NULL;
}

static void *polls(void *none)
{
    struct epoll_event got;
    uint64_t count;
    while (epoll_wait(set, &got, 1, -1) != 1)
        ;
    USE(read(got.data.fd, &count, sizeof count));
    value++;
    hidden_await(1);
    late++;
    return NULL;
}

int main(void)
{
    event = eventfd(0, EFD_CLOEXEC);
    set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event wanted = {.events = EPOLLIN, .data.fd = event};
    epoll_ctl(set, EPOLL_CTL_ADD, event, &wanted);
    return both(sender, polls);
}
