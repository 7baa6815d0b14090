/* SPDX-License-Identifier: MIT */
/* Out of handlers by siglongjmp and longjmp, many times, with and without the mask. */
#include <setjmp.h>

#include "show.h"

static sigjmp_buf out;
static int runs;

static void handler(int signo)
{
    runs++;
    siglongjmp(out, signo);
}

static void unblock(int signo)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signo);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(void)
{
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    become_threaded();
    signal(SIGUSR1, handler);
    for (volatile int i = 0; i < 1000; i++) {
        if (sigsetjmp(out, 1) == 0)
            raise(SIGUSR1);
        pthread_mutex_lock(&m);
        pthread_mutex_unlock(&m);
    }
    show_mask("mask saved");
    for (volatile int i = 0; i < 1000; i++) {
        if (sigsetjmp(out, 0) == 0)
            raise(SIGUSR1);
        unblock(SIGUSR1);
    }
    if (sigsetjmp(out, 0) == 0)
        raise(SIGUSR1);
    show_mask("mask not saved");
    show("runs %d", runs);
    return 0;
}
