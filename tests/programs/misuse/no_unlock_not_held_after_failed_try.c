/* SPDX-License-Identifier: MIT */
/* The lock is released only if the trylock succeeded. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *try_it(void *argument)
{
    int busy = pthread_mutex_trylock(&m);
    step_done(1);
    await_step(2);
    if (!busy)
    pthread_mutex_unlock(&m);
    return busy ? NULL : argument;
}

int main(void)
{
    pthread_mutex_lock(&m);
    pthread_t thread = start(try_it, &m);
    await_step(1);
    pthread_mutex_unlock(&m);
    step_done(2);
    join(thread);
    return 0;
}
