/* SPDX-License-Identifier: MIT */
/* A block is used that another thread has freed before in time, not in order; the twin uses it before it gives it away. */
/* EXPECT: free-race frees/uses */
/* TWIN */
#include "hidden.h"

static sem_t given;
static int *block;

static NOINLINE void *frees(void *none)
{
    if (IS_TWIN)
        sem_wait(&given);
    free(block);
    hidden_done(1);
    return NULL;
}

static NOINLINE void *uses(void *none)
{
    if (!IS_TWIN)
        hidden_await(1);
    USE(*(volatile int *)(block + 5));
    if (IS_TWIN)
        sem_post(&given);
    return NULL;
}

int main(void)
{
    sem_init(&given, 0, 0);
    block = calloc(100, sizeof *block);
    return both(frees, uses);
}
