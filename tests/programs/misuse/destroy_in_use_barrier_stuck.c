/* SPDX-License-Identifier: MIT */
/* A barrier of two is destroyed while one thread waits in it, for ever. */
/* EXPECT: destroy-in-use main on barrier */
/* STUCK */
#include "unseen.h"

static pthread_barrier_t barrier;

static void *enter(void *argument)
{
    pthread_barrier_wait(&barrier);
    return NULL;
}

int main(void)
{
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_t thread = start(enter, NULL);
    await_in_barrier(&barrier, 1);
    pthread_barrier_destroy(&barrier);
    join(thread);
    return 0;
}
