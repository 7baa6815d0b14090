/* SPDX-License-Identifier: MIT */
/* A parallel compressor's main thread gives its queue back while consumers are still on their way out. */
/* EXPECT: free-race|destroy-in-use|use-after-destroy|race consumes/main */
/* TWIN */
#include "hidden.h"

struct queue {
    pthread_mutex_t *lock;
    int length, finished;
};
static struct queue *queue;

static NOINLINE void *consumes(void *none)
{
    for (;;) {
        pthread_mutex_lock(queue->lock);
        if (queue->length > 0)
            queue->length--;
        int done = queue->finished && queue->length == 0;
        pthread_mutex_unlock(queue->lock);
        if (done)
            break;
    }
    USE(*(volatile int *)&queue->finished);
    hidden_done(1);
    return NULL;
}

int main(void)
{
    queue = calloc(1, sizeof *queue);
    queue->lock = malloc(sizeof *queue->lock);
    pthread_mutex_init(queue->lock, NULL);
    queue->length = 5;
    pthread_t consumer = start(consumes, NULL);
    pthread_mutex_lock(queue->lock);
    queue->finished = 1;
    pthread_mutex_unlock(queue->lock);
    hidden_await(1);
    if (IS_TWIN)
        join(consumer);
    free(queue);
    if (!IS_TWIN)
        join(consumer);
    return 0;
}
