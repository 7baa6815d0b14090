/* SPDX-License-Identifier: MIT */
/* A thread waits for a condition and keeps the lock that the signaller needs. */
/* STUCK */
/* EXPECT: hang waiter/signaller */
#include "unseen.h"

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_changed;

static void *waiter(void *argument)
{
    pthread_mutex_lock(&outer);
    step_done(1);
    pthread_mutex_lock(&m);
    while (!is_changed)
        pthread_cond_wait(&changed, &m);
    pthread_mutex_unlock(&m);
    pthread_mutex_unlock(&outer);
    return NULL;
}

static void *signaller(void *argument)
{
    await_step(1);
    pthread_mutex_lock(&outer);
    pthread_mutex_lock(&m);
    is_changed = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&m);
    pthread_mutex_unlock(&outer);
    return NULL;
}

int main(void)
{
    pthread_t one = start(waiter, NULL), two = start(signaller, NULL);
    join(one);
    join(two);
    return 0;
}
