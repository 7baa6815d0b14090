/* SPDX-License-Identifier: MIT */
/* They wait with one mutex. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

static void *waiter(void *argument)
{
    struct timespec limit = in_milliseconds(400);
    pthread_mutex_t *mutex = argument;
    pthread_mutex_lock(mutex);
    while (pthread_cond_timedwait(&c, mutex, &limit) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(mutex);
    return NULL;
}

int main(void)
{
    pthread_t one = start(waiter, &m[0]);
    await_cond_waiters(&c, 1);
    pthread_t two = start(waiter, &m[0]);
    join(one);
    join(two);
    return 0;
}
