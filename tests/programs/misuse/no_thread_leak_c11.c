/* SPDX-License-Identifier: MIT */
/* A C11 thread is detached. */
/* EXPECT-NONE */
#include <threads.h>

#include "unseen.h"

static pid_t tid;

static int work(void *argument)
{
    tid = own_tid();
    step_done(1);
    return 0;
}

int main(void)
{
    thrd_t thread;
    thrd_create(&thread, work, NULL);
    thrd_detach(thread);
    await_step(1);
    await_gone(tid);
    return 0;
}
