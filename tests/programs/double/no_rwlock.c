/* SPDX-License-Identifier: MIT */
/* The read lock is. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

int main(void)
{
    pthread_rwlock_rdlock(&r);
    if (pthread_rwlock_rdlock(&r) == 0)
        pthread_rwlock_unlock(&r), pthread_rwlock_unlock(&r);
    return 0;
}
