/* SPDX-License-Identifier: MIT */
/* A consumer that holds its list while it takes the queue, against a producer that does the opposite. */
/* EXPECT: lock-order produce/look on queue,list */
#include "unseen.h"

static pthread_mutex_t queue = PTHREAD_MUTEX_INITIALIZER, list = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static int count, taken;

static void *produce(void *argument)
{
    pthread_mutex_lock(&queue);
    pthread_mutex_lock(&list);
    count = 1;
    pthread_mutex_unlock(&list);
    pthread_cond_broadcast(&filled);
    pthread_mutex_unlock(&queue);
    await_step(1);
    return NULL;
}

static void *consume(void *argument)
{
    pthread_mutex_lock(&queue);
    while (!count)
        pthread_cond_wait(&filled, &queue);
    taken = count;
    pthread_mutex_unlock(&queue);
    step_done(1);
    return NULL;
}

static void *look(void *argument)
{
    await_step(1);
    pthread_mutex_t *first = &list, *second = &queue;
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    taken++;
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
    return NULL;
}

int main(void)
{
    pthread_t threads[] = {start(produce, NULL), start(consume, NULL), start(look, NULL)};
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    return taken != 2;
}
