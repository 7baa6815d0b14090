/* SPDX-License-Identifier: MIT */
/* main waits for a semaphore that its signal handler posts; the signal comes from another process. */
/* EXPECT-NONE */
#include <signal.h>
#include <sys/wait.h>

#include "unseen.h"

static sem_t s;

static void on_signal(int number) { sem_post(&s); }

int main(void)
{
    int status;
    sigset_t set;
    sem_init(&s, 0, 0);
    sigfillset(&set);
    signal(SIGUSR1, on_signal);
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
