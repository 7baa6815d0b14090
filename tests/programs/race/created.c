/* SPDX-License-Identifier: MIT */
/* What is written before a thread is created is ordered, what is written after is not. */
/* EXPECT: race main/reads on value */
/* TWIN */
#include "hidden.h"

static int value;

static void *reads(void *none)
{
    hidden_await(1);
    USE(*(volatile int *)&value);
    return NULL;
}

int main(void)
{
    if (IS_TWIN)
        value = 1;
    pthread_t thread = start(reads, NULL);
    if (!IS_TWIN)
        value = 1;
    hidden_done(1);
    join(thread);
    return 0;
}
