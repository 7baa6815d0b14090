/* SPDX-License-Identifier: MIT */
/* Threads work between barriers and read each other's results; the wrong ones read and write in the same round. */
/* EXPECT: race rounds on cells */
/* TWIN */
#include "hidden.h"

enum { THREADS = 3, ROUNDS = 5 };
static pthread_barrier_t barrier;
static int cells[2][THREADS];

static void *rounds(void *argument)
{
    int me = (int)(intptr_t)argument;
    for (int round = 0; round < ROUNDS; round++) {
        int *from = cells[round % 2], *to = cells[IS_TWIN ? (round + 1) % 2 : round % 2];
        to[me] = from[(me + 1) % THREADS] + 1;
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (intptr_t i = 0; i < THREADS; i++)
        threads[i] = start(rounds, (void *)i);
    for (int i = 0; i < THREADS; i++)
        join(threads[i]);
    return 0;
}
