/* SPDX-License-Identifier: MIT */
/* A fork while another thread holds a mutex in shared memory: the child waits for a thread of its parent. */
/* EXPECT-NONE */
#include <sys/mman.h>
#include <sys/wait.h>

#include "unseen.h"

static pthread_mutex_t *mutex;
static int inside[2], leave[2];

static void *hold(void *argument)
{
    char byte;
    pthread_mutex_lock(mutex);
    if (write(inside[1], "x", 1) != 1 || read(leave[0], &byte, 1) != 1)
        abort();
    pthread_mutex_unlock(mutex);
    return argument;
}

int main(void)
{
    pthread_t thread;
    pthread_mutexattr_t attr;
    int status;
    char byte;
    mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(mutex, &attr);
    if (pipe(inside) || pipe(leave))
        return 1;
    pthread_create(&thread, NULL, hold, NULL);
    if (read(inside[0], &byte, 1) != 1)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        if (write(leave[1], "x", 1) != 1)
            _exit(1);
        pthread_mutex_lock(mutex);
        pthread_mutex_unlock(mutex);
        _exit(0);
    }
    waitpid(child, &status, 0);
    pthread_join(thread, NULL);
    return status != 0;
}
