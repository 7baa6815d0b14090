/* SPDX-License-Identifier: MIT */
/* A thread has read what another process wrote to a pipe, and forgets to post. */
/* STUCK */
/* EXPECT: hang main on s */
#include <sys/wait.h>

#include "unseen.h"

static sem_t s;
static int ends[2];

static void *reader(void *argument)
{
    char byte;
    if (read(ends[0], &byte, 1) != 1)
        abort();
    return NULL;
}

int main(void)
{
    int status;
    if (pipe(ends))
        return 1;
    pid_t child = fork();
    if (child == 0) {
        nap(1500);
        _exit(write(ends[1], "x", 1) != 1);
    }
    sem_init(&s, 0, 0);
    pthread_t thread = start(reader, NULL);
    sem_wait(&s);
    join(thread);
    return waitpid(child, &status, 0) != child || status;
}
