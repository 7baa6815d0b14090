/* SPDX-License-Identifier: MIT */
/* The flag of a condition is set without its lock; the twin sets it under the lock. */
/* EXPECT: race sets/waits on is_ready */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static int is_ready;

static void *sets(void *none)
{
    hidden_await(1);
    if (IS_TWIN)
        pthread_mutex_lock(&lock);
    is_ready = 1;
    if (IS_TWIN)
        pthread_mutex_unlock(&lock);
    hidden_done(2);
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&ready);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void *waits(void *none)
{
    pthread_mutex_lock(&lock);
    USE(*(volatile int *)&is_ready);
    pthread_mutex_unlock(&lock);
    hidden_done(1);
    hidden_await(2);
    return NULL;
}

int main(void) { return both(sets, waits); }
