/* SPDX-License-Identifier: MIT */
/* A flag that is only compared in memory by one side; the twin's is written before the thread exists. */
/* EXPECT: race compares/sets on flag */
/* TWIN */
#include "hidden.h"

static int flag, seen;

static void *compares(void *none)
{
    hidden_await(1);
    if (flag == 3)
        seen++;
    return NULL;
}

static NOINLINE void sets(void) { flag = 3; }

int main(void)
{
    if (IS_TWIN)
        sets();
    pthread_t thread = start(compares, NULL);
    if (!IS_TWIN)
        sets();
    hidden_done(1);
    join(thread);
    return seen != 1;
}
