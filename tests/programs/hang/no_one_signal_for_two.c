/* SPDX-License-Identifier: MIT */
/* The one who opens it wakes both. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static int is_open;

static void *waiter(void *argument)
{
    pthread_mutex_lock(&m);
    while (!is_open)
        pthread_cond_wait(&opened, &m);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t one = start(waiter, NULL), two = start(waiter, NULL);
    await_cond_waiters(&opened, 2);
    pthread_mutex_lock(&m);
    is_open = 1;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&m);
    join(one);
    join(two);
    return 0;
}
