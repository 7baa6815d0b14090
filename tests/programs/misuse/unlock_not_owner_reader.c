/* SPDX-License-Identifier: MIT */
/* A thread unlocks an rwlock that only main holds, for reading. */
/* EXPECT: unlock-not-owner give on r */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

static void *give(void *argument)
{
    pthread_rwlock_unlock(&r);
    return NULL;
}

int main(void)
{
    pthread_rwlock_rdlock(&r);
    join(start(give, NULL));
    return 0;
}
