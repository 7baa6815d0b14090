/* SPDX-License-Identifier: MIT */
/* Two semaphores used as locks, in one order. */
/* EXPECT-NONE */
#include "unseen.h"

static sem_t a, b;

static void *take_ab(void *argument)
{
    sem_wait(&a);
    sem_wait(&b);
    sem_post(&b);
    sem_post(&a);
    step_done(1);
    return NULL;
}

static void *take_ba(void *argument)
{
    sem_t *first = &a, *second = &b;
    await_step(1);
    sem_wait(first);
    sem_wait(second);
    sem_post(second);
    sem_post(first);
    return NULL;
}

int main(void)
{
    sem_init(&a, 0, 1);
    sem_init(&b, 0, 1);
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    return 0;
}
