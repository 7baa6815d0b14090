/* SPDX-License-Identifier: MIT */
/* The condition is looked at before the wait. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_changed;

static void *waiter(void *argument)
{
    await_step(1);
    pthread_mutex_lock(&m);
    while (!is_changed)
    pthread_cond_wait(&changed, &m);
    pthread_mutex_unlock(&m);
    return NULL;
}

static void *changer(void *argument)
{
    pthread_mutex_lock(&m);
    is_changed = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&m);
    step_done(1);
    return NULL;
}

int main(void)
{
    pthread_t one = start(waiter, NULL), two = start(changer, NULL);
    join(one);
    join(two);
    return is_changed - 1;
}
