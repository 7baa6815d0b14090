/* SPDX-License-Identifier: MIT */
/* The result of a thread is read before and after it is joined. */
/* EXPECT: race makes/main on result */
/* TWIN */
#include "hidden.h"

static int result;

static NOINLINE void *makes(void *none)
{
    result = 1;
    hidden_done(1);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(makes, NULL);
    hidden_await(1);
    if (IS_TWIN)
        join(thread);
    USE(*(volatile int *)&result);
    if (!IS_TWIN)
        join(thread);
    return 0;
}
