/* SPDX-License-Identifier: MIT */
/* main unlocks it itself. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

static void *give(void *argument)
{
    return NULL;
}

int main(void)
{
    pthread_rwlock_wrlock(&r);
    join(start(give, NULL));
    pthread_rwlock_unlock(&r);
    return 0;
}
