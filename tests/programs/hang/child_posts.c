/* SPDX-License-Identifier: MIT */
/* The semaphore is private to the process: the child posts its own copy. */
/* STUCK */
/* EXPECT: hang main */
#include <sys/mman.h>
#include <sys/wait.h>

#include "unseen.h"

int main(void)
{
    int status;
    int sharing = MAP_PRIVATE, shared = 0;
    sem_t *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
    sem_init(s, shared, 0);
    pid_t child = fork();
    if (child == 0) {
        nap(1500);
        sem_post(s);
        _exit(0);
    }
    sem_wait(s);
    return waitpid(child, &status, 0) != child || status;
}
