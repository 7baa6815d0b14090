/* SPDX-License-Identifier: MIT */
/* A robust mutex whose owner has ended is recovered, which is what it is for. */
/* EXPECT-NONE */
#include "unseen.h"

#include <sys/mman.h>
#include <sys/wait.h>

int main(void)
{
    int status;
    pthread_mutexattr_t kind;
    pthread_mutex_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(m, &kind);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(m);
        kill(getpid(), 9);
    }
    waitpid(child, &status, 0);
    if (pthread_mutex_lock(m) != EOWNERDEAD || pthread_mutex_consistent(m))
        return 1;
    pthread_mutex_unlock(m);
    return pthread_mutex_lock(m) || pthread_mutex_unlock(m);
}
