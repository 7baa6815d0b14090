/* SPDX-License-Identifier: MIT */
/* Neither is there when both threads keep to one order. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER, d = PTHREAD_MUTEX_INITIALIZER;

#define SWAP(yes) 0

static void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static __attribute__((noinline)) void near(int swap)
{
    take(swap ? &b : &a, swap ? &a : &b);
}

static __attribute__((noinline)) void far(int swap)
{
    take(swap ? &d : &c, swap ? &c : &d);
}

static void *run(void *argument)
{
    int second = argument != NULL;
    await_step(second);
    near(SWAP(second));
    far(SWAP(second));
    step_done(1);
    return NULL;
}

int main(void)
{
    pthread_t one = start(run, NULL), two = start(run, &one);
    join(one);
    join(two);
    return 0;
}
