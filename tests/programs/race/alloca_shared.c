/* SPDX-License-Identifier: MIT */
/* A block of alloca that a thread writes to, without and with a join before it is read. */
/* EXPECT: race fills/owner */
/* TWIN */
#include "hidden.h"
#include <alloca.h>

static void *fills(void *argument)
{
    ((volatile char *)argument)[30] = 1;
    hidden_done(1);
    return NULL;
}

static NOINLINE void owner(int size)
{
    char *block = alloca((size_t)size);
    memset(block, 0, (size_t)size);
    pthread_t thread = start(fills, block);
    hidden_await(1);
    if (IS_TWIN)
        join(thread);
    USE((int)((volatile char *)block)[30]);
    if (!IS_TWIN)
        join(thread);
}

int main(void)
{
    owner(100);
    return 0;
}
