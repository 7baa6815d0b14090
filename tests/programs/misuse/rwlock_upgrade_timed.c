/* SPDX-License-Identifier: MIT */
/* A reader asks for the write lock with a timeout: it can only ever time out. */
/* EXPECT: rwlock-upgrade main on r */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

int main(void)
{
    struct timespec limit = in_milliseconds(100);
    pthread_rwlock_rdlock(&r);
    if (!pthread_rwlock_timedwrlock(&r, &limit))
        pthread_rwlock_unlock(&r);
    pthread_rwlock_unlock(&r);
    return 0;
}
