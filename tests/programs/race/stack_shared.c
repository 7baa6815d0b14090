/* SPDX-License-Identifier: MIT */
/* A local variable whose address another thread has; the twin's owner waits for the thread before it changes it. */
/* EXPECT: race owner/reads */
/* TWIN */
#include "hidden.h"

static void *reads(void *argument)
{
    hidden_await(1);
    USE(*(volatile int *)argument);
    return NULL;
}

static NOINLINE void owner(void)
{
    volatile int local = 1;
    pthread_t thread = start(reads, (void *)&local);
    if (IS_TWIN) {
        hidden_done(1);
        join(thread);
    }
    local = 2;
    if (!IS_TWIN) {
        hidden_done(1);
        join(thread);
    }
}

int main(void)
{
    owner();
    return 0;
}
