/* SPDX-License-Identifier: MIT */
/* A thread computes for long and forgets to post. */
/* STUCK */
/* EXPECT: hang main on s */
#include "unseen.h"

static sem_t s;

static void *compute(void *argument)
{
    struct timespec end = in_milliseconds(1500), now;
    do
        clock_gettime(CLOCK_REALTIME, &now);
    while (now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
    return NULL;
}

int main(void)
{
    sem_init(&s, 0, 0);
    pthread_t thread = start(compute, NULL);
    sem_wait(&s);
    join(thread);
    return 0;
}
