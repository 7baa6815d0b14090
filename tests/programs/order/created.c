/* SPDX-License-Identifier: MIT */
/* The main thread takes a before b after it has created a thread that takes b before a. */
/* EXPECT: lock-order take_ab/take_ba on a,b */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void take_ab(void)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
}

static void *take_ba(void *argument)
{
    await_step(1);
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(take_ba, NULL);
    take_ab();
    step_done(1);
    join(thread);
    return 0;
}
