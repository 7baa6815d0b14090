/* SPDX-License-Identifier: MIT */
/* A signal handler's accesses are those of the thread that it interrupts: another thread races with them. */
/* EXPECT: race handler/other on counted */
/* TWIN */
#include "hidden.h"
#include <signal.h>

static volatile int counted;

static void handler(int signal) { counted++; }

static void *interrupted(void *none)
{
    counted++;
    raise(SIGUSR1);
    counted++;
    hidden_done(1);
    return NULL;
}

static void *other(void *none)
{
    hidden_await(1);
    if (!IS_TWIN)
        counted = 0;
    return NULL;
}

int main(void)
{
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGUSR1, &action, NULL);
    return both(interrupted, other);
}
