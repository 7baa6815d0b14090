/* SPDX-License-Identifier: MIT */
/* The second order is taken in a second thread. */
/* EXPECT: lock-order take_ab/take_ba on a,b */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void take_ab(void)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
}

static void take_ba(void)
{
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
}

static void *first(void *argument)
{
    take_ab();
    step_done(1);
    return NULL;
}

static void *second(void *argument)
{
    await_step(1);
    take_ba();
    return NULL;
}

int main(void)
{
    pthread_t one = start(first, NULL), two = start(second, NULL);
    join(one);
    join(two);
    return 0;
}
