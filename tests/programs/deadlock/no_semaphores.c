/* SPDX-License-Identifier: MIT */
/* Both threads take them in one order. */
/* EXPECT-NONE */
#include "unseen.h"

static sem_t a, b;

static void *take_ab(void *argument)
{
    sem_wait(&a);
    sem_wait(&b);
    sem_post(&b);
    sem_post(&a);
    return NULL;
}

static void *take_ba(void *argument)
{
    sem_t *first = &a, *second = &b;
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
    for (int i = 0; i < 3; i++) {
        sem_wait(&a), sem_post(&a);
        sem_wait(&b), sem_post(&b);
    }
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    return 0;
}
