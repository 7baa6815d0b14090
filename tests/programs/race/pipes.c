/* SPDX-License-Identifier: MIT */
/* A byte through a pipe, a socket, an eventfd or a FIFO's like orders what was written before it. */
/* EXPECT: race sender/receiver on value */
/* TWIN */
#include "hidden.h"
#include <sys/eventfd.h>
#include <sys/socket.h>

static int ends[2], pair[2], event, value, through_pair, through_event;

static void *sender(void *none)
{
    char byte = 1;
    uint64_t one = 1;
    if (IS_TWIN)
        value = 1;
    USE(write(ends[1], &byte, 1));
    if (!IS_TWIN)
        value = 1;
    through_pair = 1;
    USE(send(pair[0], &byte, 1, 0));
    through_event = 1;
    USE(write(event, &one, sizeof one));
    return NULL;
}

static void *receiver(void *none)
{
    char byte;
    uint64_t count;
    USE(read(ends[0], &byte, 1));
    USE(*(volatile int *)&value);
    USE(recv(pair[1], &byte, 1, 0));
    through_pair++;
    USE(read(event, &count, sizeof count));
    through_event++;
    return NULL;
}

int main(void)
{
    event = eventfd(0, EFD_CLOEXEC);
    if (pipe(ends) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        return 1;
    return both(sender, receiver);
}
