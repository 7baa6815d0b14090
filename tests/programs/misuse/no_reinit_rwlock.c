/* SPDX-License-Identifier: MIT */
/* An rwlock is destroyed and initialised again while nobody holds it. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

int main(void)
{
    pthread_rwlock_rdlock(&r);
    pthread_rwlock_unlock(&r);
    pthread_rwlock_destroy(&r);
    pthread_rwlock_init(&r, NULL);
    return 0;
}
