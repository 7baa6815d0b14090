/* SPDX-License-Identifier: MIT */
/* The second thread begins to wait, with another mutex, before the first has ended. */
/* EXPECT: cond-mutex-mismatch waiter on c */
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
    waiter(&n);
    join(one);
    return 0;
}
