/* SPDX-License-Identifier: MIT */
/* Two threads come to a barrier for two. */
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
    pthread_t one = start(arrive, NULL), two = start(arrive, NULL);
    join(one);
    join(two);
    return 0;
}
