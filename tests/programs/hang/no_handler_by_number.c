/* SPDX-License-Identifier: MIT */
/* main waits for a semaphore that its signal handler posts; the handler was installed without libc's functions. */
/* EXPECT-NONE */
#include <signal.h>
#include <sys/wait.h>

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
    int status;
    sem_init(&s, 0, 0);
    change_by_number(SIGUSR1, on_signal);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        nap(1500);
        kill(parent, SIGUSR1);
        _exit(0);
    }
    while (sem_wait(&s) && errno == EINTR)
        ;
    return waitpid(child, &status, 0) != child || status;
}
