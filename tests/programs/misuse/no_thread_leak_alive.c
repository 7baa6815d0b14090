/* SPDX-License-Identifier: MIT */
/* A thread still runs when the process exits. */
/* EXPECT-NONE */
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
    start(work, NULL);
    await_step(1);
    return tid == 0;
}
