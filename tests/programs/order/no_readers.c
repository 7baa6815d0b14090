/* SPDX-License-Identifier: MIT */
/* Two rwlocks in opposite orders, all for reading: readers do not wait for readers. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_rwlock_t a = PTHREAD_RWLOCK_INITIALIZER, b = PTHREAD_RWLOCK_INITIALIZER;

#define TAKE pthread_rwlock_rdlock

static void *take_ab(void *argument)
{
    TAKE(&a);
    TAKE(&b);
    pthread_rwlock_unlock(&b);
    pthread_rwlock_unlock(&a);
    step_done(1);
    return NULL;
}

static void *take_ba(void *argument)
{
    await_step(1);
    TAKE(&b);
    TAKE(&a);
    pthread_rwlock_unlock(&a);
    pthread_rwlock_unlock(&b);
    return NULL;
}

int main(void)
{
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    return 0;
}
