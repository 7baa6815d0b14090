/* SPDX-License-Identifier: MIT */
/* Opposite orders for reading, of writer-first rwlocks: a waiting writer makes the readers wait for each other. */
/* EXPECT: lock-order read_ab/read_ba on a,b */
#include "unseen.h"

static pthread_rwlock_t a, b;

static void *read_ab(void *argument)
{
    pthread_rwlock_rdlock(&a);
    pthread_rwlock_rdlock(&b);
    pthread_rwlock_unlock(&b);
    pthread_rwlock_unlock(&a);
    step_done(1);
    return NULL;
}

static void *read_ba(void *argument)
{
    await_step(1);
    pthread_rwlock_rdlock(&b);
    pthread_rwlock_rdlock(&a);
    pthread_rwlock_unlock(&a);
    pthread_rwlock_unlock(&b);
    step_done(2);
    return NULL;
}

static void *write_it(void *rwlock)
{
    pthread_rwlock_wrlock(rwlock);
    pthread_rwlock_unlock(rwlock);
    return NULL;
}

int main(void)
{
    pthread_rwlockattr_t kind;
    pthread_rwlockattr_init(&kind);
    pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&a, &kind);
    pthread_rwlock_init(&b, &kind);
    pthread_t writers[] = {start(write_it, &a), start(write_it, &b)};
    pthread_t one = start(read_ab, NULL), two = start(read_ba, NULL);
    join(one);
    join(two);
    join(writers[0]);
    join(writers[1]);
    return 0;
}
