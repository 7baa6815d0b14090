/* SPDX-License-Identifier: MIT */
/* The second thread has come as well before the barrier is destroyed. */
/* EXPECT-NONE */
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
    enter(NULL);
    pthread_barrier_destroy(&barrier);
    join(thread);
    return 0;
}
