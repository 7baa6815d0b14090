/* SPDX-License-Identifier: MIT */
/* A reader gives up its read lock before it asks for the write lock. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

int main(void)
{
    pthread_rwlock_rdlock(&r);
    pthread_rwlock_unlock(&r);
    pthread_rwlock_wrlock(&r);
    pthread_rwlock_unlock(&r);
    return 0;
}
