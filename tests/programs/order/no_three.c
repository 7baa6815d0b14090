/* SPDX-License-Identifier: MIT */
/* Three threads, three mutexes, all in one order. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER;

static void *take_ab(void *argument)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    step_done(1);
    return NULL;
}

static void *take_bc(void *argument)
{
    await_step(1);
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&c);
    pthread_mutex_unlock(&c);
    pthread_mutex_unlock(&b);
    step_done(2);
    return NULL;
}

static void *take_ca(void *argument)
{
    pthread_mutex_t *first = &a, *second = &c;
    await_step(2);
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
    return NULL;
}

int main(void)
{
    pthread_t one = start(take_ab, NULL), two = start(take_bc, NULL), three = start(take_ca, NULL);
    join(one);
    join(two);
    join(three);
    return 0;
}
