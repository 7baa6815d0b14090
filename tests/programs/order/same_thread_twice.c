/* SPDX-License-Identifier: MIT */
/* a before b, b before c, c before a in three threads. */
/* EXPECT: lock-order take_bc/take_ca on a,b,c */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER;

static void take_bc(void)
{
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&c);
    pthread_mutex_unlock(&c);
    pthread_mutex_unlock(&b);
}

static void *take_ab(void *argument)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    step_done(1);
    return NULL;
}

static void *third(void *argument)
{
    await_step(1);
    take_bc();
    step_done(2);
    return NULL;
}

static void *take_ca(void *argument)
{
    await_step(2);
    pthread_mutex_lock(&c);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&c);
    return NULL;
}

int main(void)
{
    pthread_t one = start(take_ab, NULL), two = start(third, NULL), three = start(take_ca, NULL);
    join(one);
    join(two);
    join(three);
    return 0;
}
