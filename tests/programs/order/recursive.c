/* SPDX-License-Identifier: MIT */
/* A recursive mutex is taken again inside another one; a second thread takes the two the other way round. */
/* EXPECT: lock-order take_aba/take_other on a,b */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP, b = PTHREAD_MUTEX_INITIALIZER;

static void *take_aba(void *argument)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    step_done(1);
    return NULL;
}

static void *take_other(void *argument)
{
    pthread_mutex_t *first = &b, *second = &a;
    await_step(1);
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
    return NULL;
}

int main(void)
{
    pthread_t one = start(take_aba, NULL), two = start(take_other, NULL);
    join(one);
    join(two);
    return 0;
}
