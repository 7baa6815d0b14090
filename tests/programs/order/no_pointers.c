/* SPDX-License-Identifier: MIT */
/* Locks are taken by a helper through a table of functions, in one order. */
/* EXPECT-NONE */
#include "unseen.h"

typedef int (*lock_function)(pthread_mutex_t *);
static lock_function volatile take = pthread_mutex_lock, give = pthread_mutex_unlock;
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static __attribute__((noinline)) void both(pthread_mutex_t *first, pthread_mutex_t *second)
{
    take(first);
    take(second);
    give(second);
    give(first);
}

static void *transfer(void *argument)
{
    both(&a, &b);
    step_done(1);
    return NULL;
}

static void *refund(void *argument)
{
    await_step(1);
    both(&a, &b);
    return NULL;
}

int main(void)
{
    pthread_t one = start(transfer, NULL), two = start(refund, NULL);
    join(one);
    join(two);
    return 0;
}
