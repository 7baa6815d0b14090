/* SPDX-License-Identifier: MIT */
/* Threads that wait for signals, with masks that threads and programs inherit. */
#include <sys/signalfd.h>

#include "show.h"

static sigset_t set;
static void *waiter(void *arg)
{
    int signo;
    siginfo_t info;
    show_mask("inherited");
    SHOW(sigwait(&set, &signo));
    show("got %d", signo);
    SHOW(sigwaitinfo(&set, &info));
    show("code %d value %d", info.si_code, info.si_value.sival_int);
    struct timespec short_time = {0, 20000000};
    SHOW(sigtimedwait(&set, &info, &short_time));
    return arg;
}

int main(void)
{
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_t t;
    pthread_create(&t, NULL, waiter, NULL);
    sleep_ms(30);
    kill(getpid(), SIGUSR1);
    sleep_ms(30);
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 7});
    pthread_join(t, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    raise(SIGUSR1);
    struct signalfd_siginfo info;
    SHOW(read(fd, &info, sizeof(info)));
    show("ssi_signo %u", info.ssi_signo);
    show_mask("end");
    return 0;
}
