/* SPDX-License-Identifier: MIT */
/* A named semaphore is posted by another process, and then waited for once more on a private one. */
/* STUCK */
/* EXPECT: hang main on s */
#include <fcntl.h>
#include <sys/wait.h>

#include "unseen.h"

static sem_t s;

int main(void)
{
    char name[64];
    int status;
    snprintf(name, sizeof name, "/detect-test-%d", (int)getpid());
    sem_t *named = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
    if (named == SEM_FAILED)
        return 1;
    sem_unlink(name);
    sem_init(&s, 0, 0);
    pid_t child = fork();
    if (child == 0) {
        nap(1500);
        sem_post(named);
        _exit(0);
    }
    sem_wait(named);
    sem_wait(&s);
    sem_close(named);
    return waitpid(child, &status, 0) != child || status;
}
