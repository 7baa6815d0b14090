/* SPDX-License-Identifier: MIT */
/* The end of a pipe, which its reader sees, comes after the close; what is written after the close does not. */
/* EXPECT: race closes/reads_to_end on value */
/* TWIN */
#include "hidden.h"

static int ends[2], value;

static void *closes(void *none)
{
    if (IS_TWIN)
        value = 1;
    close(ends[1]);
    if (!IS_TWIN)
        value = 1;
    hidden_done(1);
    return NULL;
}

static void *reads_to_end(void *none)
{
    char byte;
    USE(read(ends[0], &byte, 1));
    hidden_await(1);
    USE(*(volatile int *)&value);
    return NULL;
}

int main(void)
{
    if (pipe(ends))
        return 1;
    return both(closes, reads_to_end);
}
