/* SPDX-License-Identifier: MIT */
/* Streams over a pipe: what came before a stream was closed is before whoever gets its last line; the wrong one does it later. */
/* EXPECT: race tells/hears on value */
/* TWIN */
#include "hidden.h"
#include <stdio.h>

static int value, ends[2];

static void *tells(void *none)
{
    FILE *stream = fdopen(ends[1], "w");
    if (IS_TWIN)
        value = 1;
    fputs("a line\n", stream);
    fclose(stream);
    if (!IS_TWIN)
        value = 1;
    return none;
}

static void *hears(void *none)
{
    FILE *stream = fdopen(ends[0], "r");
    char line[16];
    if (fgets(line, sizeof(line), stream))
        USE(*(volatile int *)&value);
    fclose(stream);
    return none;
}

int main(void)
{
    if (pipe(ends) != 0)
        return 1;
    return both(tells, hears);
}
