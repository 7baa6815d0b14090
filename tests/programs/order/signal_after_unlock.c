/* SPDX-License-Identifier: MIT */
/* The thread does not ask for what the second signal tells: only chance makes it come later. */
/* EXPECT: lock-order main/take_ba on a,b */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int state;

static void await_state(int wanted)
{
    pthread_mutex_lock(&m);
    while (state < wanted)
        pthread_cond_wait(&changed, &m);
    pthread_mutex_unlock(&m);
}

static void reach_state(int reached)
{
    pthread_mutex_lock(&m);
    state = reached;
    pthread_mutex_unlock(&m);
    pthread_cond_signal(&changed);
}

static void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *take_ba(void *argument)
{
    await_state(1);
    step_done(1);
    await_step(2);
    take(&b, &a);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(take_ba, NULL);
    await_cond_waiters(&changed, 1);
    reach_state(1);
    await_step(1);
    take(&a, &b);
    reach_state(2);
    step_done(2);
    join(thread);
    return 0;
}
