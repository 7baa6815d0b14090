/* SPDX-License-Identifier: MIT */
/* One condition variable with two mutexes, one after the other: allowed. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, n = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

static void *waiter(void *mutex)
{
    struct timespec limit = in_milliseconds(400);
    pthread_mutex_lock(mutex);
    while (pthread_cond_timedwait(&c, mutex, &limit) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(mutex);
    return NULL;
}

int main(void)
{
    pthread_t one = start(waiter, &m);
    await_cond_waiters(&c, 1);
    join(one);
    waiter(&n);
    return 0;
}
