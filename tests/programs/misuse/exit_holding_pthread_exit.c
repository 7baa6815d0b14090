/* SPDX-License-Identifier: MIT */
/* A thread calls pthread_exit with an rwlock held for reading, somewhere else than it took it. */
/* EXPECT: exit-holding-lock take/leave on r */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

static void give_up(void *argument)
{
}

static __attribute__((noinline)) void take(void)
{
    pthread_rwlock_rdlock(&r);
}

static __attribute__((noinline)) void leave(void)
{
    pthread_cleanup_push(give_up, NULL);
    pthread_exit(NULL);
    pthread_cleanup_pop(1);
}

static void *work(void *argument)
{
    take();
    leave();
    return NULL;
}

int main(void)
{
    join(start(work, NULL));
    return 0;
}
