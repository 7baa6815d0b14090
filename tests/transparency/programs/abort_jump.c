/* SPDX-License-Identifier: MIT */
/* abort whose handler jumps out; a fault whose handler jumps out, with locks before and after. */
#include <setjmp.h>

#include "show.h"

static sigjmp_buf out;
static void handler(int signo) { siglongjmp(out, signo); }
static volatile int *null;

int main(void)
{
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    become_threaded();
    signal(SIGABRT, handler);
    signal(SIGSEGV, handler);
    for (volatile int i = 0; i < 4; i++) {
        int signo = sigsetjmp(out, 1);
        if (signo == 0) {
            if (i % 2)
                abort();
            *null = 1;
        }
        pthread_mutex_lock(&m);
        pthread_mutex_unlock(&m);
        show("caught %d", signo);
    }
    /* A bad pointer in a call of ours is a fault like another one. */
    if (sigsetjmp(out, 1) == 0)
        pthread_mutex_lock((pthread_mutex_t *)16);
    show("caught in a call");
    pthread_mutex_lock(&m);
    SHOW(pthread_mutex_unlock(&m));
    SHOW(write(1, (void *)16, 5));
    return 0;
}
