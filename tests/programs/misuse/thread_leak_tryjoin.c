/* SPDX-License-Identifier: MIT */
/* A thread's tryjoin came too early, and there is no other. */
/* EXPECT: thread-leak main */
#include "unseen.h"

static pid_t tid;

static void *work(void *argument)
{
    tid = own_tid();
    step_done(1);
    await_step(2);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(work, NULL);
    await_step(1);
    if (pthread_tryjoin_np(thread, NULL) != EBUSY)
        return 1;
    step_done(2);
    await_gone(tid);
    return 0;
}
