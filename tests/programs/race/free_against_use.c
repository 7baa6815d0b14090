/* SPDX-License-Identifier: MIT */
/* A block is freed while another thread may still read it; the twin joins first. */
/* EXPECT: free-race reads/main */
/* TWIN */
#include "hidden.h"

static int *block;

static NOINLINE void *reads(void *none)
{
    USE(block[3]);
    hidden_done(1);
    return NULL;
}

int main(void)
{
    block = calloc(10, sizeof *block);
    pthread_t thread = start(reads, NULL);
    hidden_await(1);
    if (IS_TWIN)
        join(thread);
    free(block);
    if (!IS_TWIN)
        join(thread);
    return 0;
}
