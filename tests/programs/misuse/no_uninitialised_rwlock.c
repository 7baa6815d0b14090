/* SPDX-License-Identifier: MIT */
/* An rwlock on the stack with its initialiser. */
/* EXPECT-NONE */
#include <string.h>

#include "unseen.h"

int main(void)
{
    pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;
    if (!pthread_rwlock_tryrdlock(&r))
        pthread_rwlock_unlock(&r);
    return 0;
}
