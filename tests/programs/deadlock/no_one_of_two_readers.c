/* SPDX-License-Identifier: MIT */
/* The second reader lets go before it waits. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *only_read(void *argument)
{
    pthread_rwlock_rdlock(&r);
    meet(3);
    pthread_rwlock_unlock(&r);
    return NULL;
}

static void *read_then_m(void *argument)
{
    pthread_rwlock_rdlock(&r);
    meet(3);
    pthread_rwlock_unlock(&r);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return NULL;
}

static void *write_r(void *argument)
{
    pthread_mutex_lock(&m);
    meet(3);
    pthread_rwlock_wrlock(&r);
    pthread_rwlock_unlock(&r);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t threads[] = {start(only_read, NULL), start(read_then_m, NULL), start(write_r, NULL)};
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    return 0;
}
