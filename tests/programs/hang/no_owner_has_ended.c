/* SPDX-License-Identifier: MIT */
/* The thread gave it back. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *leave(void *argument)
{
    pthread_mutex_lock(&m);
    step_done(1);
    pthread_mutex_unlock(&m);
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
