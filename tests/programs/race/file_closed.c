/* SPDX-License-Identifier: MIT */
/* A stream is closed while another thread may write to it; the twin joins first. */
/* EXPECT: race|free-race|fd-race|libc-race writes/main */
/* TWIN */
#include "hidden.h"

static FILE *stream;

static NOINLINE void *writes(void *none)
{
    fputs("words\n", stream);
    hidden_done(1);
    return NULL;
}

int main(void)
{
    stream = fopen("/dev/null", "w");
    pthread_t thread = start(writes, NULL);
    if (IS_TWIN)
        join(thread);
    hidden_await(1);
    fclose(stream);
    if (!IS_TWIN)
        join(thread);
    return 0;
}
