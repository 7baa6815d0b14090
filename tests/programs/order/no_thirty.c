/* SPDX-License-Identifier: MIT */
/* Thirty threads, thirty mutexes, each takes two neighbours, always the lower number first. */
/* EXPECT-NONE */
#include "unseen.h"

#define N 30
static pthread_mutex_t locks[N];

static void *take_neighbours(void *argument)
{
    int i = (int)(long)argument, next = (i + 1) % N;
    int low = i < next ? i : next, high = i < next ? next : i;
    await_step(i + 1);
    pthread_mutex_lock(&locks[low]);
    pthread_mutex_lock(&locks[high]);
    pthread_mutex_unlock(&locks[high]);
    pthread_mutex_unlock(&locks[low]);
    step_done(i + 2);
    return NULL;
}

int main(void)
{
    pthread_t threads[N];
    for (int i = 0; i < N; i++)
        pthread_mutex_init(&locks[i], NULL);
    for (long i = 0; i < N; i++)
        threads[i] = start(take_neighbours, (void *)i);
    step_done(1);
    for (int i = 0; i < N; i++)
        join(threads[i]);
    return 0;
}
