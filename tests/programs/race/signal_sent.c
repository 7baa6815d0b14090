/* SPDX-License-Identifier: MIT */
/* A signal comes after what its sender did before; the wrong sender writes after it has sent. */
/* EXPECT: race sends/handler on message */
/* TWIN */
#include "hidden.h"
#include <signal.h>

static volatile int message, seen;

static NOINLINE void handler(int signal)
{
    hidden_await(1);
    seen = message;
}

static void *receives(void *none)
{
    hidden_done(1);
    hidden_await(3);
    return NULL;
}

static NOINLINE void sends(pthread_t to)
{
    if (IS_TWIN)
        message = 1;
    pthread_kill(to, SIGUSR1);
    if (!IS_TWIN)
        message = 1;
    hidden_done(2);
}

static NOINLINE void late_handler(int signal)
{
    hidden_await(2);
    handler(signal);
    hidden_done(3);
}

int main(void)
{
    struct sigaction action = {.sa_handler = late_handler};
    sigaction(SIGUSR1, &action, NULL);
    pthread_t thread = start(receives, NULL);
    hidden_await(1);
    sends(thread);
    join(thread);
    return 0;
}
