/* SPDX-License-Identifier: MIT */
/* A handler that was installed without libc's functions is taken away in the same way: nobody posts the semaphore. */
/* EXPECT: hang main on s */
/* STUCK */
#include <signal.h>

#include "unseen.h"

static sem_t s;

static void on_signal(int number) { sem_post(&s); }

/* What the kernel has been told by libc about one signal, it is told by number about another. */
static void change_by_number(int signo, void (*handler)(int))
{
    struct {
        void (*handler)(int);
        unsigned long rest[3];
    } action;
    signal(SIGUSR2, on_signal);
    syscall(SYS_rt_sigaction, SIGUSR2, NULL, &action, 8);
    signal(SIGUSR2, SIG_DFL);
    action.handler = handler;
    action.rest[0] &= ~(unsigned long)SA_SIGINFO;
    if (syscall(SYS_rt_sigaction, signo, &action, NULL, 8))
        abort();
}

int main(void)
{
    sem_init(&s, 0, 0);
    change_by_number(SIGUSR1, on_signal);
    change_by_number(SIGUSR1, SIG_DFL);
    while (sem_wait(&s) && errno == EINTR)
        ;
    return 0;
}
