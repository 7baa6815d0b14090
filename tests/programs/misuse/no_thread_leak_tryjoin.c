/* SPDX-License-Identifier: MIT */
/* A second tryjoin, after the thread's end, succeeds. */
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
    pthread_t thread = start(work, NULL);
    await_step(1);
    if (pthread_tryjoin_np(thread, NULL) != EBUSY)
        return 1;
    step_done(2);
    await_gone(tid);
    if (pthread_tryjoin_np(thread, NULL))
        return 2;
    return 0;
}
