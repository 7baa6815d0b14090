/* SPDX-License-Identifier: MIT */
/* A thread has ended and is neither joined nor detached when the process exits. */
/* EXPECT: thread-leak main */
#include "unseen.h"

static pid_t tid;

static void *work(void *argument)
{
    tid = own_tid();
    step_done(1);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(work, NULL);
    await_step(1);
    await_gone(tid);
    return thread == 0;
}
