/* SPDX-License-Identifier: MIT */
/* A thread is detached, and has ended when the process exits. */
/* EXPECT-NONE */
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
    pthread_detach(thread);
    await_step(1);
    await_gone(tid);
    return thread == 0;
}
