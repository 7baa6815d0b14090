/* SPDX-License-Identifier: MIT */
/* A thread is detached once. */
/* EXPECT-NONE */
#include "unseen.h"

static void *wait_for_it(void *argument)
{
    await_step(1);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(wait_for_it, NULL);
    pthread_detach(thread);
    step_done(1);
    return 0;
}
