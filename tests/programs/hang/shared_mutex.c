/* SPDX-License-Identifier: MIT */
/* A process-shared mutex is freed by a child; then main waits for a semaphore of its own. */
/* STUCK */
/* EXPECT: hang main on s */
#include <sys/mman.h>
#include <sys/wait.h>

#include "unseen.h"

static sem_t s;

int main(void)
{
    int status;
    pthread_mutexattr_t kind;
    pthread_mutex_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int *step = (int *)(m + 1);
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(m, &kind);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(m);
        __atomic_store_n(step, 1, __ATOMIC_SEQ_CST);
        nap(1500);
        pthread_mutex_unlock(m);
        _exit(0);
    }
    SPIN_UNTIL(__atomic_load_n(step, __ATOMIC_SEQ_CST));
    pthread_mutex_lock(m);
    pthread_mutex_unlock(m);
    sem_init(&s, 0, 0);
    sem_wait(&s);
    return waitpid(child, &status, 0) != child || status;
}
