/* SPDX-License-Identifier: MIT */
/* An rwlock on the stack, not initialised. */
/* EXPECT: uninitialised-object main */
#include <string.h>

#include "unseen.h"

int main(void)
{
    pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;
    memset((void *)&r, 0x11, sizeof r);
    if (!pthread_rwlock_tryrdlock(&r))
        pthread_rwlock_unlock(&r);
    return 0;
}
