/* SPDX-License-Identifier: MIT */
/* The thread waits for the mutex before it waits for the condition. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

static void *waiter(void *argument)
{
    struct timespec limit = in_milliseconds(100);
    pthread_mutex_lock(&m);
    pthread_cond_timedwait(&c, &m, &limit);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_mutex_lock(&m);
    pthread_t thread = start(waiter, NULL);
    pthread_mutex_unlock(&m);
    join(thread);
    return 0;
}
