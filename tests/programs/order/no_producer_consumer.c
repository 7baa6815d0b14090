/* SPDX-License-Identifier: MIT */
/* A queue with two counting semaphores and a mutex: posts and waits by different threads are no locks. */
/* EXPECT-NONE */
#include "unseen.h"

#define N 50
static sem_t slots, items;
static pthread_mutex_t queue = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t x = PTHREAD_MUTEX_INITIALIZER;
static int sum;

static void *produce(void *argument)
{
    pthread_mutex_lock(&x);
    pthread_mutex_unlock(&x);
    for (int i = 0; i < N; i++) {
        sem_wait(&slots);
        pthread_mutex_lock(&queue);
        sum++;
        pthread_mutex_unlock(&queue);
        sem_post(&items);
    }
    step_done(1);
    return NULL;
}

static void *consume(void *argument)
{
    await_step(1);
    for (int i = 0; i < N; i++) {
        sem_wait(&items);
        pthread_mutex_lock(&queue);
        sum--;
        pthread_mutex_unlock(&queue);
        sem_post(&slots);
    }
    return NULL;
}

int main(void)
{
    sem_init(&slots, 0, N);
    sem_init(&items, 0, 0);
    pthread_t one = start(produce, NULL), two = start(consume, &one);
    join(one);
    join(two);
    return sum;
}
