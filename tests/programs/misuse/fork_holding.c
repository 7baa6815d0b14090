/* SPDX-License-Identifier: MIT */
/* The child takes a lock that another thread held at the fork: it never gets it. */
/* EXPECT: fork-holding-lock child_work on m */
#include <sys/wait.h>

#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *hold(void *argument)
{
    pthread_mutex_lock(&m);
    step_done(1);
    await_step(2);
    pthread_mutex_unlock(&m);
    return NULL;
}

static __attribute__((noinline)) int child_work(void)
{
    struct timespec limit = in_milliseconds(300);
    int error = pthread_mutex_timedlock(&m, &limit);
    if (!error)
        pthread_mutex_unlock(&m);
    return error;
}

int main(void)
{
    int status;
    pthread_t thread = start(hold, NULL);
    await_step(1);
    pid_t child = fork();
    if (child == 0)
        _exit(child_work() == ETIMEDOUT);
    waitpid(child, &status, 0);
    step_done(2);
    join(thread);
    return WEXITSTATUS(status) != 1;
}
