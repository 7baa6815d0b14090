/* SPDX-License-Identifier: MIT */
/* The opposite order is taken before the message is received. */
/* EXPECT: lock-order take_ab/take_ba on a,b */
#include <sys/socket.h>

#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static int ends[2];

static void *take_ab(void *argument)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    step_done(1);
    send(ends[1], "done", 4, 0);
    return NULL;
}

static void await_message(void)
{
    char text[4];
    recv(dup(ends[0]), text, sizeof text, 0);
}

static void *take_ba(void *argument)
{
    await_step(1);
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    await_message();
    return NULL;
}

int main(void)
{
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    return 0;
}
