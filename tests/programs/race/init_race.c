/* SPDX-License-Identifier: MIT */
/* A thread begins before main has set up what it uses. */
/* EXPECT: race main/begins on limit */
/* TWIN */
#include "hidden.h"

static int limit;

static NOINLINE void *begins(void *none)
{
    if (!IS_TWIN)
        hidden_await(1);
    USE(*(volatile int *)&limit);
    return NULL;
}

int main(void)
{
    pthread_t thread = 0;
    if (!IS_TWIN)
        thread = start(begins, NULL);
    limit = 8;
    hidden_done(1);
    if (IS_TWIN)
        thread = start(begins, NULL);
    join(thread);
    return 0;
}
