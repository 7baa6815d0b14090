/* SPDX-License-Identifier: MIT */
/* A barrier is destroyed while a thread waits in it. */
/* EXPECT: destroy-in-use destroy/arrive on barrier */
#include "unseen.h"

static pthread_barrier_t barrier;

static void *arrive(void *argument)
{
    pthread_barrier_wait(&barrier);
    return NULL;
}

static void *destroy(void *argument)
{
    pthread_barrier_destroy(&barrier);
    return NULL;
}

int main(void)
{
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_t thread = start(arrive, NULL);
    await_in_barrier(&barrier, 1);
    start(destroy, NULL);
    await_barrier_destroy(&barrier);
    _exit(thread == 0);
    pthread_barrier_wait(&barrier);
    join(thread);
    destroy(NULL);
    return 0;
}
