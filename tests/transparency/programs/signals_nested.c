/* SPDX-License-Identifier: MIT */
/* Handlers inside handlers, in the kernel's order, with the masks that belong to them. */
#include "show.h"

static void second(int signo) { show_mask("second"); show("second %d", signo); }
static void first(int signo)
{
    show_mask("first");
    raise(SIGUSR2);
    raise(SIGTERM); /* in sa_mask: after this handler */
    raise(SIGUSR1); /* blocked by itself */
    static int again;
    show("first %d leaves, run %d", signo, ++again);
}
static void late(int signo) { show("late %d", signo); }

int main(void)
{
    become_threaded();
    struct sigaction act = {.sa_handler = first};
    sigaddset(&act.sa_mask, SIGTERM);
    sigaction(SIGUSR1, &act, NULL);
    signal(SIGUSR2, second);
    signal(SIGTERM, late);
    static int once;
    raise(SIGUSR2);
    if (!once++) {
        sigset_t set, pending;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR2);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        raise(SIGUSR2), raise(SIGTERM), raise(SIGUSR2);
        sigpending(&pending);
        show("pending %d %d", sigismember(&pending, SIGUSR2), sigismember(&pending, SIGTERM));
        sigprocmask(SIG_UNBLOCK, &set, NULL);
    }
    show_mask("end");
    signal(SIGUSR1, SIG_IGN);
    raise(SIGUSR1);
    return 0;
}
