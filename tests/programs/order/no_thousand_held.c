/* SPDX-License-Identifier: MIT */
/* A thread holds 1,000 locks; another one takes the first and then the last. */
/* EXPECT-NONE */
#include "unseen.h"

#define N 1000
static pthread_mutex_t locks[N];

static void *take_all(void *argument)
{
    for (int i = 0; i < N; i++)
        pthread_mutex_lock(&locks[i]);
    for (int i = 0; i < N; i++)
        pthread_mutex_unlock(&locks[i]);
    step_done(1);
    return NULL;
}

static void *take_two(void *argument)
{
    int first = 0, second = N - 1;
    await_step(1);
    pthread_mutex_lock(&locks[first]);
    pthread_mutex_lock(&locks[second]);
    pthread_mutex_unlock(&locks[second]);
    pthread_mutex_unlock(&locks[first]);
    return NULL;
}

int main(void)
{
    for (int i = 0; i < N; i++)
        pthread_mutex_init(&locks[i], NULL);
    pthread_t one = start(take_all, NULL), two = start(take_two, NULL);
    join(one);
    join(two);
    return 0;
}
