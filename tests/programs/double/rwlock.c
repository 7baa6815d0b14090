/* SPDX-License-Identifier: MIT */
/* The write lock of an rwlock is taken twice by one thread. */
/* EXPECT: double-lock main on r */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

int main(void)
{
    pthread_rwlock_wrlock(&r);
    if (pthread_rwlock_wrlock(&r) == EDEADLK)
        pthread_rwlock_unlock(&r);
    return 0;
}
