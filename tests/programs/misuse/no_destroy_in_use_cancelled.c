/* SPDX-License-Identifier: MIT */
/* The only waiter was cancelled, and its clean-up handler has run: the condition variable is not in use. */
/* EXPECT-NONE */
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

int main(void)
{
    pthread_t thread = start(waiter, NULL);
    await_cond_waiters(&c, 1);
    pthread_cancel(thread);
    join(thread);
    pthread_cond_destroy(&c);
    return pthread_mutex_destroy(&m);
}
