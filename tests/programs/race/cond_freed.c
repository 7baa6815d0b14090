/* SPDX-License-Identifier: MIT */
/* A condition is signalled after its lock was given up: by then the waiter, who found the flag set, may have freed it. */
/* EXPECT: free-race signals/waits_and_frees */
/* TWIN */
#include "hidden.h"

struct request {
    pthread_mutex_t lock;
    pthread_cond_t done;
    int is_done;
};

static struct request *request;

static NOINLINE void *signals(void *none)
{
    pthread_mutex_lock(&request->lock);
    request->is_done = 1;
    if (IS_TWIN)
        pthread_cond_signal(&request->done);
    pthread_mutex_unlock(&request->lock);
    if (!IS_TWIN)
        pthread_cond_signal(&request->done);
    hidden_done(1);
    return NULL;
}

static NOINLINE void *waits_and_frees(void *none)
{
    hidden_await(1);
    pthread_mutex_lock(&request->lock);
    while (!request->is_done)
        pthread_cond_wait(&request->done, &request->lock);
    pthread_mutex_unlock(&request->lock);
    free(request);
    return NULL;
}

int main(void)
{
    request = calloc(1, sizeof *request);
    pthread_mutex_init(&request->lock, NULL);
    pthread_cond_init(&request->done, NULL);
    return both(signals, waits_and_frees);
}
