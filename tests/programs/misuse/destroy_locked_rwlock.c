/* SPDX-License-Identifier: MIT */
/* An rwlock is destroyed while another thread reads. */
/* EXPECT: destroy-locked main on r */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

static void *reader(void *argument)
{
    pthread_rwlock_rdlock(&r);
    step_done(1);
    await_step(2);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(reader, NULL);
    await_step(1);
    pthread_rwlock_destroy(&r);
    _exit(thread == 0);
    step_done(2);
    join(thread);
    return 0;
}
