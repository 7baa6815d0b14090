/* SPDX-License-Identifier: MIT */
/* A barrier for one thread. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_barrier_t barrier;

int main(void)
{
    unsigned count = 1;
    if (!pthread_barrier_init(&barrier, NULL, count)) {
        pthread_barrier_wait(&barrier);
        pthread_barrier_destroy(&barrier);
    }
    return 0;
}
