/* SPDX-License-Identifier: MIT */
/* The child takes another lock, and executes a program. */
/* EXPECT-NONE */
#include <sys/wait.h>

#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t n = PTHREAD_MUTEX_INITIALIZER;

static void *hold(void *argument)
{
    pthread_mutex_lock(&m);
    step_done(1);
    await_step(2);
    pthread_mutex_unlock(&m);
    return NULL;
}

static __attribute__((noinline)) void child_work(void)
{
    pthread_mutex_lock(&n);
    pthread_mutex_unlock(&n);
    execl("/bin/true", "true", NULL);
}

int main(void)
{
    int status;
    pthread_t thread = start(hold, NULL);
    await_step(1);
    pid_t child = fork();
    if (child == 0)
        child_work();
    waitpid(child, &status, 0);
    step_done(2);
    join(thread);
    return 0;
}
