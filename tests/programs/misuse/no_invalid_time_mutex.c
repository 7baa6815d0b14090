/* SPDX-License-Identifier: MIT */
/* With a valid one. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *locker(void *argument)
{
    struct timespec limit = {1, 200000000};
    if (!pthread_mutex_timedlock(&m, &limit))
        abort();
    return NULL;
}

int main(void)
{
    pthread_mutex_lock(&m);
    join(start(locker, NULL));
    pthread_mutex_unlock(&m);
    return 0;
}
