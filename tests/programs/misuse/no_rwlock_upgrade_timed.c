/* SPDX-License-Identifier: MIT */
/* A reader asks for the read lock with a timeout. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

int main(void)
{
    struct timespec limit = in_milliseconds(100);
    pthread_rwlock_rdlock(&r);
    if (!pthread_rwlock_timedrdlock(&r, &limit))
        pthread_rwlock_unlock(&r);
    pthread_rwlock_unlock(&r);
    return 0;
}
