/* SPDX-License-Identifier: MIT */
/* Coroutines by swapcontext, each with its own signal mask, with locks taken on their stacks. */
#include <ucontext.h>

#include "show.h"

static ucontext_t main_context, coroutine[2];
static char stacks[2][65536];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void body(int me)
{
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    for (int i = 0; i < 3; i++) {
        pthread_mutex_lock(&own);
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
        pthread_mutex_unlock(&own);
        show("coroutine %d step %d", me, i);
        show_mask("inside");
        swapcontext(&coroutine[me], &coroutine[!me]);
    }
}

int main(void)
{
    become_threaded();
    for (int i = 0; i < 2; i++) {
        getcontext(&coroutine[i]);
        coroutine[i].uc_stack.ss_sp = stacks[i];
        coroutine[i].uc_stack.ss_size = sizeof(stacks[i]);
        coroutine[i].uc_link = &main_context;
        sigemptyset(&coroutine[i].uc_sigmask);
        sigaddset(&coroutine[i].uc_sigmask, i ? SIGUSR1 : SIGUSR2);
        makecontext(&coroutine[i], (void (*)(void))body, 1, i);
    }
    SHOW(swapcontext(&main_context, &coroutine[0]));
    show_mask("main");
    return 0;
}
