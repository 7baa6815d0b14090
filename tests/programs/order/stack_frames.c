/* SPDX-License-Identifier: MIT */
/* A lock on the stack of main, in opposite orders with a global one. */
/* EXPECT: lock-order first/second on global */
#include "unseen.h"

static pthread_mutex_t global = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t *shared;

static void *first(void *argument)
{
    await_step(1);
    pthread_mutex_lock(&global);
    pthread_mutex_lock(shared);
    pthread_mutex_unlock(shared);
    pthread_mutex_unlock(&global);
    step_done(2);
    return NULL;
}

static void *second(void *argument)
{
    await_step(3);
    pthread_mutex_lock(shared);
    pthread_mutex_lock(&global);
    pthread_mutex_unlock(&global);
    pthread_mutex_unlock(shared);
    step_done(4);
    return NULL;
}

static __attribute__((noinline)) void lend(int from, int to)
{
    pthread_mutex_t local = PTHREAD_MUTEX_INITIALIZER;
    shared = &local;
    for (int step = from; step <= to; step += 2) {
        step_done(step);
        await_step(step + 1);
    }
    shared = NULL;
}

int main(void)
{
    pthread_t one = start(first, NULL), two = start(second, NULL);
    lend(1, 3);
    pthread_mutex_lock(&other);
    pthread_mutex_unlock(&other);
    join(one);
    join(two);
    return 0;
}
