/* SPDX-License-Identifier: MIT */
/* A semaphore used as a lock, and a mutex, in one order. */
/* EXPECT-NONE */
#include "unseen.h"

static sem_t s;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *take_sm(void *argument)
{
    sem_wait(&s);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    sem_post(&s);
    step_done(1);
    return NULL;
}

static void *take_ms(void *argument)
{
    await_step(1);
    sem_wait(&s);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    sem_post(&s);
    return NULL;
}

int main(void)
{
    sem_init(&s, 0, 1);
    pthread_t one = start(take_sm, NULL), two = start(take_ms, NULL);
    join(one);
    join(two);
    sem_destroy(&s);
    return 0;
}
