/* SPDX-License-Identifier: MIT */
/* What siginfo says of queued, killed and raised signals; real-time ones come in order and none is lost. */
#include "show.h"

static int got[128], count;
static void handler(int signo, siginfo_t *info, void *context)
{
    (void)context;
    got[count++] = info->si_value.sival_int;
    if (count < 5)
        show("%d: code %d own pid %d uid %d value %d", signo, info->si_code, info->si_pid == getpid(),
             info->si_uid == getuid(), info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
}

static void *lock_a_lot(void *arg)
{
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    for (int i = 0; i < 50000; i++) {
        pthread_mutex_lock(&m);
        pthread_mutex_unlock(&m);
    }
    return arg;
}

int main(void)
{
    struct sigaction act = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGRTMIN + 1, &act, NULL);
    sigaction(SIGUSR1, &act, NULL);
    become_threaded();
    raise(SIGUSR1);
    kill(getpid(), SIGUSR1);
    pthread_kill(pthread_self(), SIGUSR1);
    sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 42});
    count = 0;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 50; i++)
        pthread_sigqueue(pthread_self(), SIGRTMIN + 1, (union sigval){.sival_int = i});
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    int ordered = 1;
    for (int i = 0; i < count; i++)
        ordered &= got[i] == i;
    show("count %d ordered %d", count, ordered);
    lock_a_lot(NULL);
    return 0;
}
