/* SPDX-License-Identifier: MIT */
/* One thread takes its locks before the barrier, the other one after it. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;

static void *take_ab(void *argument)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    step_done(1);
    pthread_barrier_wait(&barrier);
    return NULL;
}

static void *take_ba(void *argument)
{
    await_step(1);
    pthread_barrier_wait(&barrier);
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    return NULL;
}

int main(void)
{
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    pthread_barrier_destroy(&barrier);
    return 0;
}
