/* SPDX-License-Identifier: MIT */
/* A thread posts a semaphore that main took: semaphores have no owner. */
/* EXPECT-NONE */
#include "unseen.h"

static sem_t m;

static void *give(void *argument)
{
    sem_post(&m);
    return NULL;
}

int main(void)
{
    sem_init(&m, 0, 1);
    sem_wait(&m);
    join(start(give, NULL));
    return 0;
}
