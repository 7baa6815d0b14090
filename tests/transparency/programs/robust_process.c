/* SPDX-License-Identifier: MIT */
/* A robust mutex in shared memory whose owner, another process, dies; a semaphore and a barrier between processes. */
#include <sys/mman.h>

#include "show.h"

struct shared {
    pthread_mutex_t mutex;
    pthread_barrier_t barrier;
    pthread_cond_t cond;
    sem_t sem;
};

int main(void)
{
    struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    SHOW(pthread_mutex_init(&s->mutex, &attr));
    pthread_barrierattr_t battr;
    pthread_barrierattr_init(&battr);
    pthread_barrierattr_setpshared(&battr, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&s->barrier, &battr, 2);
    sem_init(&s->sem, 1, 0);
    become_threaded();
    pid_t pid = fork();
    if (pid == 0) {
        pthread_mutex_lock(&s->mutex);
        pthread_barrier_wait(&s->barrier);
        sem_wait(&s->sem);
        sleep_ms(30);
        _exit(1);
    }
    pthread_barrier_wait(&s->barrier);
    SHOW(pthread_mutex_trylock(&s->mutex));
    sem_post(&s->sem);
    SHOW(pthread_mutex_lock(&s->mutex));
    SHOW(pthread_mutex_consistent(&s->mutex));
    SHOW(pthread_mutex_unlock(&s->mutex));
    SHOW(pthread_mutex_lock(&s->mutex));
    SHOW(pthread_mutex_unlock(&s->mutex));
    int status;
    wait(&status);
    show_status("owner", status);
    return 0;
}
