/* SPDX-License-Identifier: MIT */
/* A process is stopped for longer than a verdict takes; then its thread posts. */
/* EXPECT-NONE */
#include <signal.h>
#include <sys/wait.h>

#include "unseen.h"

static sem_t s;
static int ends[2];

static void *poster(void *argument)
{
    char byte;
    if (read(ends[0], &byte, 1) != 1)
        abort();
    sem_post(&s);
    return NULL;
}

int main(void)
{
    int status;
    if (pipe(ends))
        return 1;
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        nap(100);
        kill(parent, SIGSTOP);
        nap(1500);
        kill(parent, SIGCONT);
        _exit(write(ends[1], "x", 1) != 1);
    }
    sem_init(&s, 0, 0);
    pthread_t thread = start(poster, NULL);
    sem_wait(&s);
    join(thread);
    return waitpid(child, &status, 0) != child || status;
}
