/* SPDX-License-Identifier: MIT */
/* One thread has ended and was not joined. */
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
    start(work, NULL);
    await_step(1);
    await_gone(tid);
    return tid == 0;
}
