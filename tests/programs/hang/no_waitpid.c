/* SPDX-License-Identifier: MIT */
/* A thread waits for a child process; all others wait for the thread. */
/* EXPECT-NONE */
#include <sys/wait.h>

#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done = PTHREAD_COND_INITIALIZER;
static int is_done;
static pid_t child;

static void *reap(void *argument)
{
    int status;
    waitpid(child, &status, 0);
    pthread_mutex_lock(&m);
    is_done = 1;
    pthread_cond_broadcast(&done);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    child = fork();
    if (child == 0) {
        nap(1500);
        _exit(0);
    }
    pthread_t thread = start(reap, NULL);
    pthread_mutex_lock(&m);
    while (!is_done)
        pthread_cond_wait(&done, &m);
    pthread_mutex_unlock(&m);
    join(thread);
    return 0;
}
