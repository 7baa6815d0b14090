/* SPDX-License-Identifier: MIT */
/* The opposite order is taken after a handshake over a condition variable. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static int is_ready;

static void *take_ab(void *argument)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    step_done(1);
    pthread_mutex_lock(&m);
    is_ready = 1;
    pthread_cond_signal(&ready);
    pthread_mutex_unlock(&m);
    return NULL;
}

static void await_ready(void)
{
    pthread_mutex_lock(&m);
    while (!is_ready)
        pthread_cond_wait(&ready, &m);
    pthread_mutex_unlock(&m);
}

static void *take_ba(void *argument)
{
    await_ready();
    await_step(1);
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    return NULL;
}

int main(void)
{
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    return 0;
}
