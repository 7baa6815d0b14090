/* SPDX-License-Identifier: MIT */
/* A detached thread is joined. */
/* EXPECT: invalid-argument main */
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
    pthread_join(thread, NULL);
    step_done(1);
    return 0;
}
