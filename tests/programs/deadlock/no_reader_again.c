/* SPDX-License-Identifier: MIT */
/* A reader of a reader-first rwlock reads again: the waiting writer does not stop it. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_rwlock_t r;

static void *read_twice(void *argument)
{
    pthread_rwlock_rdlock(&r);
    step_done(1);
    await_writer(&r);
    pthread_rwlock_rdlock(&r);
    pthread_rwlock_unlock(&r);
    pthread_rwlock_unlock(&r);
    return NULL;
}

static void *write_it(void *argument)
{
    await_step(1);
    pthread_rwlock_wrlock(&r);
    pthread_rwlock_unlock(&r);
    return NULL;
}

int main(void)
{
    pthread_rwlockattr_t kind;
    pthread_rwlockattr_init(&kind);
    pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_READER_NP);
    pthread_rwlock_init(&r, &kind);
    pthread_t one = start(read_twice, NULL), two = start(write_it, NULL);
    join(one);
    join(two);
    return 0;
}
