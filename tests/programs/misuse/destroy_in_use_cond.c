/* SPDX-License-Identifier: MIT */
/* A condition variable is destroyed while a thread waits on it. */
/* EXPECT: destroy-in-use main on c */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

static void *waiter(void *argument)
{
    struct timespec limit = in_milliseconds(500);
    pthread_mutex_lock(&m);
    while (pthread_cond_timedwait(&c, &m, &limit) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(waiter, NULL);
    await_cond_waiters(&c, 1);
    pthread_cond_destroy(&c);
    join(thread);
    return 0;
}
