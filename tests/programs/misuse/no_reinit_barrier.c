/* SPDX-License-Identifier: MIT */
/* A barrier is initialised again after all have passed. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_barrier_t barrier;

static void *arrive(void *argument)
{
    pthread_barrier_wait(&barrier);
    return NULL;
}

int main(void)
{
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_t thread = start(arrive, NULL);
    await_in_barrier(&barrier, 1);
    pthread_barrier_wait(&barrier);
    join(thread);
    pthread_barrier_init(&barrier, NULL, 3);
    _exit(thread == 0);
}
