/* SPDX-License-Identifier: MIT */
/* The address of the loop's variable is what every thread gets; the twin gives each its own. */
/* EXPECT: race main/reads */
/* TWIN */
#include "hidden.h"

static NOINLINE void *reads(void *argument)
{
    USE(*(volatile int *)argument);
    return NULL;
}

int main(void)
{
    pthread_t threads[3];
    int numbers[3], i;
    for (i = 0; i < 3; i++) {
        numbers[i] = i;
        COMPILER_BARRIER();
        threads[i] = start(reads, IS_TWIN ? &numbers[i] : &i);
        COMPILER_BARRIER();
    }
    for (int j = 0; j < 3; j++)
        join(threads[j]);
    return 0;
}
