/* SPDX-License-Identifier: MIT */
/* A semaphore in shared memory that another process has initialised. */
/* EXPECT-NONE */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "unseen.h"

int main(int count, char **arguments)
{
    char name[64];
    int status, is_child = count > 1;
    snprintf(name, sizeof name, "/detect-test-%d", (int)(is_child ? getppid() : getpid()));
    int file = shm_open(name, O_RDWR | O_CREAT, 0600);
    if (ftruncate(file, 4096))
        return 1;
    sem_t *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (is_child) {
        sem_init(s, 1, 1);
        return 0;
    }
    pid_t child = fork();
    if (child == 0)
        execl(arguments[0], arguments[0], "child", NULL);
    waitpid(child, &status, 0);
    shm_unlink(name);
    sem_post(s);
    return sem_trywait(s);
}
