/* SPDX-License-Identifier: MIT */
/* What is written before pthread_cancel is known to the cleanup handler of who is cancelled; what is written after it is not. */
/* EXPECT: race cleans/main on reason */
/* TWIN */
#include "hidden.h"

static int reason;

static NOINLINE void cleans(void *none)
{
    hidden_await(2);
    USE(*(volatile int *)&reason);
}

static void *waits(void *none)
{
    pthread_cleanup_push(cleans, NULL);
    hidden_done(1);
    for (;;)
        pause();
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(waits, NULL);
    hidden_await(1);
    if (IS_TWIN)
        reason = 1;
    pthread_cancel(thread);
    if (!IS_TWIN)
        reason = 1;
    hidden_done(2);
    join(thread);
    return 0;
}
