/* SPDX-License-Identifier: MIT */
/* main returns and what runs at exit touches what a thread still uses; the twin joins it. */
/* EXPECT: race works/at_end on table */
/* TWIN */
#include "hidden.h"

static int table[4];

static void *works(void *none)
{
    table[2]++;
    hidden_done(1);
    while (!IS_TWIN)
        pause();
    return NULL;
}

static NOINLINE void at_end(void)
{
    table[2] = 0;
    COMPILER_BARRIER();
}

int main(void)
{
    atexit(at_end);
    pthread_t thread = start(works, NULL);
    hidden_await(1);
    if (IS_TWIN)
        join(thread);
    return 0;
}
