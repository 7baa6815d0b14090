/* SPDX-License-Identifier: MIT */
/* Both orders are taken before the barrier, which is made of a mutex and a condition variable. */
/* EXPECT: lock-order take_ab/take_ba on a,b */
#include "unseen.h"

#define THREADS 3

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t all_here;
    int here, cycle;
} barrier = {.mutex = PTHREAD_MUTEX_INITIALIZER, .all_here = PTHREAD_COND_INITIALIZER};

static __attribute__((noinline)) void pass_barrier(void)
{
    pthread_mutex_lock(&barrier.mutex);
    int cycle = barrier.cycle;
    if (++barrier.here == THREADS) {
        barrier.here = 0;
        barrier.cycle++;
        pthread_cond_broadcast(&barrier.all_here);
    }
    while (barrier.cycle == cycle)
        pthread_cond_wait(&barrier.all_here, &barrier.mutex);
    pthread_mutex_unlock(&barrier.mutex);
}

static __attribute__((noinline)) void take_ab(void)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
}

static __attribute__((noinline)) void take_ba(void)
{
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
}

static void *both_orders(void *argument)
{
    int number = (int)(intptr_t)argument;
    await_step(number);
    take_ab();
    take_ba();
    step_done(number + 1);
    pass_barrier();
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    step_done(1);
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(both_orders, (void *)(intptr_t)(i + 1));
    for (int i = 0; i < THREADS; i++)
        join(threads[i]);
    return 0;
}
