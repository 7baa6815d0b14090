/* SPDX-License-Identifier: MIT */
/* A function's frame lies where another's was, whose local a thread had; it is gone before the thread has ended. */
/* EXPECT: race later_frame/writes */
/* TWIN */
#include "hidden.h"

static pthread_t thread;

static void *writes(void *argument)
{
    hidden_await(1);
    *(volatile long *)argument = 1;
    hidden_done(2);
    return NULL;
}

static NOINLINE void early_frame(void)
{
    volatile long locals[8];
    locals[4] = 0;
    thread = start(writes, (void *)&locals[4]);
    if (IS_TWIN) {
        hidden_done(1);
        join(thread);
    }
}

static NOINLINE void later_frame(void)
{
    volatile long locals[40];
    for (int i = 0; i < 40; i++)
        locals[i] = i;
    USE(locals[7]);
}

int main(void)
{
    early_frame();
    if (!IS_TWIN) {
        hidden_done(1);
        hidden_await(2);
    }
    later_frame();
    if (!IS_TWIN)
        join(thread);
    return 0;
}
