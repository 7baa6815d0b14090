/* SPDX-License-Identifier: MIT */
/* A condition variable with its flag under the lock; in the wrong program the data is written after the signal, unlocked. */
/* EXPECT: race sends/receives on message */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static int is_ready, message;

static void *sends(void *none)
{
    if (IS_TWIN)
        message = 1;
    pthread_mutex_lock(&lock);
    is_ready = 1;
    pthread_cond_signal(&ready);
    pthread_mutex_unlock(&lock);
    if (!IS_TWIN)
        message = 1;
    hidden_done(1);
    return NULL;
}

static void *receives(void *none)
{
    pthread_mutex_lock(&lock);
    while (!is_ready)
        pthread_cond_wait(&ready, &lock);
    pthread_mutex_unlock(&lock);
    hidden_await(1);
    USE(*(volatile int *)&message);
    return NULL;
}

int main(void) { return both(sends, receives); }
