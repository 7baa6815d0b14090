/* SPDX-License-Identifier: MIT */
/* The condition variable is destroyed while a thread waits for a signal that only comes afterwards: libc waits for that thread. */
/* EXPECT: destroy-in-use main on c */
/* STUCK */
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
    pthread_mutex_unlock(&m);
    pthread_cond_destroy(&c);
    join(thread);
    return 0;
}
