/* SPDX-License-Identifier: MIT */
/* A cancelled thread's cleanup handler writes; only the join orders that. */
/* EXPECT: race cleans/main on cleaned */
/* TWIN */
#include "hidden.h"

static int cleaned;

static NOINLINE void cleans(void *none)
{
    cleaned = 1;
    hidden_done(2);
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
    pthread_cancel(thread);
    if (IS_TWIN)
        join(thread);
    hidden_await(2);
    USE(*(volatile int *)&cleaned);
    if (!IS_TWIN)
        join(thread);
    return 0;
}
