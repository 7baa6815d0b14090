/* SPDX-License-Identifier: MIT */
/* The last thread that could post sleeps, and ends without having done so. */
/* STUCK */
/* EXPECT: hang main on s */
#include "unseen.h"

static sem_t s;

static void *poster(void *argument)
{
    nap(1500);
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
