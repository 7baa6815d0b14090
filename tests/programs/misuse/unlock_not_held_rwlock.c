/* SPDX-License-Identifier: MIT */
/* An rwlock is unlocked that nobody holds. */
/* EXPECT: unlock-not-held main on r */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

int main(void)
{
    pthread_rwlock_wrlock(&r);
    pthread_rwlock_unlock(&r);
    pthread_rwlock_unlock(&r);
    return 0;
}
