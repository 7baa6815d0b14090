/* SPDX-License-Identifier: MIT */
/* The other lock is given up before the wait. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_changed;

static void *waiter(void *argument)
{
    pthread_mutex_lock(&m);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    while (!is_changed)
        pthread_cond_wait(&changed, &m);
    pthread_mutex_unlock(&m);
    step_done(1);
    return NULL;
}

static void *other(void *argument)
{
    await_cond_waiters(&changed, 1);
    pthread_mutex_lock(&m);
    is_changed = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&m);
    await_step(1);
    pthread_mutex_lock(&m);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t one = start(waiter, NULL), two = start(other, NULL);
    join(one);
    join(two);
    return 0;
}
