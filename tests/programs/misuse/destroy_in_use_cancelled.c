/* SPDX-License-Identifier: MIT */
/* One waiter was cancelled, the other one still waits when the condition variable is destroyed. */
/* EXPECT: destroy-in-use main on c */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

static void unlock(void *argument) { pthread_mutex_unlock(argument); }

static void *waiter(void *argument)
{
    pthread_mutex_lock(&m);
    pthread_cleanup_push(unlock, &m);
    for (;;)
        pthread_cond_wait(&c, &m);
    pthread_cleanup_pop(1);
    return NULL;
}

static void *timed_waiter(void *argument)
{
    struct timespec limit = in_milliseconds(600);
    pthread_mutex_lock(&m);
    while (pthread_cond_timedwait(&c, &m, &limit) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(waiter, NULL), timed = start(timed_waiter, NULL);
    await_cond_waiters(&c, 2);
    pthread_cancel(thread);
    join(thread);
    pthread_cond_destroy(&c);
    join(timed);
    return 0;
}
