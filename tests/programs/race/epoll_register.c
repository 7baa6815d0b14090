/* SPDX-License-Identifier: MIT */
/* A thread hands an object over by registering a descriptor with its address: epoll_wait returns it to the other thread. Ordered is
 * what was done before the registration. The descriptor itself has been ready all the time, so nothing else orders the two. */
/* EXPECT: race registers/polls on state.late */
/* TWIN */
#include "hidden.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>

static struct {
    int early, late;
} state;
static int event, set;

static NOINLINE void *registers(void *none)
{
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = &state};
    state.early = 1;
    if (IS_TWIN)
        state.late = 1;
    epoll_ctl(set, EPOLL_CTL_ADD, event, &wanted);
    if (!IS_TWIN)
        state.late = 1;
    hidden_done(1);
    return NULL;
}

static NOINLINE void *polls(void *none)
{
    struct epoll_event got;
    while (epoll_wait(set, &got, 1, -1) != 1)
        ;
    hidden_await(1);
    state.early++;
    state.late++;
    return NULL;
}

int main(void)
{
    event = eventfd(1, EFD_CLOEXEC);
    set = epoll_create1(EPOLL_CLOEXEC);
    return both(registers, polls);
}
