/* SPDX-License-Identifier: MIT */
/* The first lock was got by trylock, but the thread waits for the second: it can deadlock. */
/* EXPECT: lock-order take_ab/take_ba on a,b */
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
    if (pthread_mutex_trylock(&b) || pthread_mutex_lock(&a))
        abort();
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    return NULL;
}

int main(void)
{
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    return 0;
}
