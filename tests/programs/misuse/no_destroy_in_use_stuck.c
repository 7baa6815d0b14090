/* SPDX-License-Identifier: MIT */
/* The waiter has been woken: libc waits until it has left, which POSIX allows. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int ready;

static void *waiter(void *argument)
{
    pthread_mutex_lock(&m);
    while (!ready)
        pthread_cond_wait(&c, &m);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(waiter, NULL);
    await_cond_waiters(&c, 1);
    pthread_mutex_lock(&m);
    ready = 1;
    pthread_cond_broadcast(&c);
    pthread_mutex_unlock(&m);
    pthread_cond_destroy(&c);
    join(thread);
    return 0;
}
