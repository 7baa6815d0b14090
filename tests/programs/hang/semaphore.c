/* SPDX-License-Identifier: MIT */
/* A semaphore that nobody posts. */
/* STUCK */
/* EXPECT: hang waiter on s */
#include "unseen.h"

static sem_t s;

static void *waiter(void *argument)
{
    sem_wait(&s);
    return NULL;
}

static void *poster(void *argument)
{
    return NULL;
}

int main(void)
{
    sem_init(&s, 0, 0);
    pthread_t one = start(waiter, NULL), two = start(poster, NULL);
    join(one);
    join(two);
    return 0;
}
