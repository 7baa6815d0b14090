/* SPDX-License-Identifier: MIT */
/* Parent and child take two locks in opposite orders: they have copies of them. */
/* EXPECT-NONE */
#include <sys/wait.h>

#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void *take_ab(void *argument)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    step_done(1);
    return NULL;
}

static void *take_ba(void *argument)
{
    await_step(1);
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    return NULL;
}

int main(void)
{
    int status;
    join(start(take_ab, NULL));
    pid_t child = fork();
    if (child == 0) {
        pthread_t two = start(take_ba, NULL);
        join(two);
        exit(0);
    }
    waitpid(child, &status, 0);
    return status != 0;
}
