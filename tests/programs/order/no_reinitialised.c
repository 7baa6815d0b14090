/* SPDX-License-Identifier: MIT */
/* b was destroyed and initialised again in between: it is a new lock at the old address. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t a, b;

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
    pthread_mutex_destroy(&b);
    pthread_mutex_init(&b, NULL);
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    return NULL;
}

int main(void)
{
    pthread_mutex_init(&a, NULL);
    pthread_mutex_init(&b, NULL);
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    return 0;
}
