/* SPDX-License-Identifier: MIT */
/* A thread sleeps for longer than a verdict takes, and then posts. */
/* EXPECT-NONE */
#include "unseen.h"

static sem_t s;

static void *poster(void *argument)
{
    nap(1500);
    sem_post(&s);
    return NULL;
}

int main(void)
{
    sem_init(&s, 0, 0);
    pthread_t thread = start(poster, NULL);
    sem_wait(&s);
    join(thread);
    return 0;
}
