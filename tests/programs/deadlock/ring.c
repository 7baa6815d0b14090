/* SPDX-License-Identifier: MIT */
/* Twelve philosophers, all of them left-handed, sit down at once. */
/* STUCK */
/* EXPECT: deadlock dine on forks */
#include "unseen.h"

#define N 12
static pthread_mutex_t forks[N];

static void *dine(void *argument)
{
    int seat = (int)(long)argument, left = seat, right = (seat + 1) % N;
    pthread_mutex_lock(&forks[left]);
    meet(N);
    pthread_mutex_lock(&forks[right]);
    pthread_mutex_unlock(&forks[right]);
    pthread_mutex_unlock(&forks[left]);
    return NULL;
}

int main(void)
{
    pthread_t threads[N];
    for (int i = 0; i < N; i++)
        pthread_mutex_init(&forks[i], NULL);
    for (long i = 0; i < N; i++)
        threads[i] = start(dine, (void *)i);
    for (int i = 0; i < N; i++)
        join(threads[i]);
    return 0;
}
