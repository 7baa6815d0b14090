/* SPDX-License-Identifier: MIT */
/* The thread is a reader itself. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

static void *give(void *argument)
{
    pthread_rwlock_rdlock(&r);
    pthread_rwlock_unlock(&r);
    return NULL;
}

int main(void)
{
    pthread_rwlock_rdlock(&r);
    join(start(give, NULL));
    pthread_rwlock_unlock(&r);
    return 0;
}
