/* SPDX-License-Identifier: MIT */
/* An rwlock is initialised again while it is held. */
/* EXPECT: reinit-in-use main on r */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

int main(void)
{
    pthread_rwlock_rdlock(&r);
    pthread_rwlock_init(&r, NULL);
    return 0;
}
