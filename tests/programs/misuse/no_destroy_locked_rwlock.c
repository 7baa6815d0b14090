/* SPDX-License-Identifier: MIT */
/* The reader has finished. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

static void *reader(void *argument)
{
    pthread_rwlock_rdlock(&r);
    pthread_rwlock_unlock(&r);
    step_done(1);
    await_step(2);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(reader, NULL);
    await_step(1);
    pthread_rwlock_destroy(&r);
    step_done(2);
    join(thread);
    return 0;
}
