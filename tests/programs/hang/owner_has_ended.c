/* SPDX-License-Identifier: MIT */
/* A thread has ended with a mutex that another one waits for. */
/* STUCK */
/* EXPECT: exit-holding-lock leave on m */
/* EXPECT: hang|deadlock enter on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *leave(void *argument)
{
    pthread_mutex_lock(&m);
    step_done(1);
    return NULL;
}

static void *enter(void *argument)
{
    await_step(1);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t one = start(leave, NULL), two = start(enter, NULL);
    join(one);
    join(two);
    return 0;
}
