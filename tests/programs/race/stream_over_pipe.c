/* SPDX-License-Identifier: MIT */
/* Streams over a pipe: what came before a line was flushed is before whoever gets the line; the wrong one goes on writing. */
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
    fflush(stream);
    if (!IS_TWIN)
        value = 1;
    fclose(stream);
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
