/* SPDX-License-Identifier: MIT */
/* The environment is changed while another thread reads it; the twin changes it before the thread exists. */
/* EXPECT: libc-race sets/gets */
/* TWIN */
#include "hidden.h"

static NOINLINE void sets(void) { setenv("COLOUR", "blue", 1); }

static NOINLINE void *gets_it(void *none)
{
    hidden_await(1);
    USE(getenv("COLOUR"));
    return NULL;
}
static void *gets(void *none) { return gets_it(none); }

int main(void)
{
    if (IS_TWIN)
        sets();
    pthread_t thread = start(gets, NULL);
    if (!IS_TWIN)
        sets();
    hidden_done(1);
    join(thread);
    return 0;
}
