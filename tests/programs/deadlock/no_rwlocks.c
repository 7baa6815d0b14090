/* SPDX-License-Identifier: MIT */
/* A reader of r wants the mutex whose holder wants to read r. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *take_rm(void *argument)
{
    pthread_rwlock_rdlock(&r);
    meet(2);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    pthread_rwlock_unlock(&r);
    return NULL;
}

static void *take_mr(void *argument)
{
    pthread_mutex_lock(&m);
    meet(2);
    pthread_rwlock_rdlock(&r);
    pthread_rwlock_unlock(&r);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t one = start(take_rm, NULL), two = start(take_mr, NULL);
    join(one);
    join(two);
    return 0;
}
