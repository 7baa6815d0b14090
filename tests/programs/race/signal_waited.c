/* SPDX-License-Identifier: MIT */
/* sigwait returns after the signal was sent, and what came before that; sigqueue and sigtimedwait as well. */
/* EXPECT: race sends/receives on late */
/* TWIN */
#include "hidden.h"
#include <signal.h>

static sigset_t both_signals;
static int early, late;

static NOINLINE void sends(pthread_t to)
{
    union sigval none = {0};
    early = 1;
    pthread_kill(to, SIGUSR1);
    if (IS_TWIN)
        late = 1;
    pthread_sigqueue(to, SIGUSR2, none);
    if (!IS_TWIN)
        late = 1;
    hidden_done(1);
}

static void *receives(void *none)
{
    int got;
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    sigwait(&one, &got);
    early++;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR2);
    sigwaitinfo(&one, NULL);
    hidden_await(1);
    late++;
    return NULL;
}

int main(void)
{
    sigemptyset(&both_signals);
    sigaddset(&both_signals, SIGUSR1);
    sigaddset(&both_signals, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &both_signals, NULL);
    pthread_t thread = start(receives, NULL);
    sends(thread);
    join(thread);
    return 0;
}
