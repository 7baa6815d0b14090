/* SPDX-License-Identifier: MIT */
/* The main thread takes a before b only before it creates the thread that takes b before a. */
/* EXPECT-NONE */
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
    take_ab();
    pthread_t thread = start(take_ba, NULL);
    step_done(1);
    join(thread);
    return 0;
}
