/* SPDX-License-Identifier: MIT */
/* Threads fill their quarters of an array; the wrong one goes one element too far. */
/* EXPECT: race fills on numbers */
/* TWIN */
#include "hidden.h"

enum { QUARTER = 64 };
static int numbers[4 * QUARTER + 1];

static void *fills(void *argument)
{
    int quarter = (int)(intptr_t)argument;
    for (int i = 0; i < QUARTER + !IS_TWIN; i++)
        ((volatile int *)numbers)[quarter * QUARTER + i] = i;
    hidden_meet(4);
    return NULL;
}

int main(void)
{
    pthread_t threads[4];
    for (intptr_t i = 0; i < 4; i++)
        threads[i] = start(fills, (void *)i);
    for (int i = 0; i < 4; i++)
        join(threads[i]);
    return 0;
}
