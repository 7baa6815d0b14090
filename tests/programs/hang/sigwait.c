/* SPDX-License-Identifier: MIT */
/* A thread has waited for a signal of another process, and forgets to post. */
/* STUCK */
/* EXPECT: hang main on s */
#include <signal.h>
#include <sys/wait.h>

#include "unseen.h"

static sem_t s;
static sigset_t set;

static void *catch(void *argument)
{
    int number;
    sigwait(&set, &number);
    return NULL;
}

int main(void)
{
    int status;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        nap(1500);
        kill(parent, SIGUSR1);
        _exit(0);
    }
    sem_init(&s, 0, 0);
    pthread_t thread = start(catch, NULL);
    sem_wait(&s);
    join(thread);
    return waitpid(child, &status, 0) != child || status;
}
