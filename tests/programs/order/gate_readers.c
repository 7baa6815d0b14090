/* SPDX-License-Identifier: MIT */
/* The common gate is a read-write lock that both hold for reading: readers do not exclude each other. */
/* EXPECT: lock-order take_ab/take_ba on a,b */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t gate = PTHREAD_RWLOCK_INITIALIZER;

static void *take_ab(void *argument)
{
    pthread_rwlock_rdlock(&gate);
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    pthread_rwlock_unlock(&gate);
    step_done(1);
    return NULL;
}

static void *take_ba(void *argument)
{
    await_step(1);
    pthread_rwlock_rdlock(&gate);
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    pthread_rwlock_unlock(&gate);
    return NULL;
}

int main(void)
{
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    return 0;
}
