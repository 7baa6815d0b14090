/* SPDX-License-Identifier: MIT */
/* One of the two waits with a timeout: they sit there for a moment, and then go on. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void *take_ab(void *argument)
{
    pthread_mutex_lock(&a);
    meet(2);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    return NULL;
}

static void *take_ba(void *argument)
{
    struct timespec limit = in_milliseconds(1500);
    pthread_mutex_lock(&b);
    meet(2);
    if (!pthread_mutex_timedlock(&a, &limit))
        pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    return NULL;
}

int main(void)
{
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    return 0;
}
