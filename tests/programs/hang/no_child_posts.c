/* SPDX-License-Identifier: MIT */
/* The semaphore lies in shared memory: a child process posts it, later than a verdict takes. */
/* EXPECT-NONE */
#include <sys/mman.h>
#include <sys/wait.h>

#include "unseen.h"

int main(void)
{
    int status;
    int sharing = MAP_SHARED, shared = 1;
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
