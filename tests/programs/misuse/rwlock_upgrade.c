/* SPDX-License-Identifier: MIT */
/* A reader asks for the write lock of the same rwlock. */
/* STUCK */
/* EXPECT: rwlock-upgrade main on r */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

int main(void)
{
    pthread_rwlock_rdlock(&r);
    pthread_rwlock_wrlock(&r);
    pthread_rwlock_unlock(&r);
    return 0;
}
