/* SPDX-License-Identifier: MIT */
/* dprintf() writes to a pipe by a function of libc's own. */
/* EXPECT: race tells/hears on late */
/* TWIN */
#include "hidden.h"
#include <stdio.h>

static int value, late, ends[2];

static NOINLINE void *tells(void *none)
{
    value = 1;
    if (IS_TWIN)
        late = 1;
    dprintf(ends[1], "%d\n", 7);
    if (!IS_TWIN)
        late = 1;
    hidden_done(1);
    return none;
}

static NOINLINE void *hears(void *none)
{
    char line[16];
    USE(read(ends[0], line, sizeof(line)));
    hidden_await(1);
    value++;
    late++;
    return none;
}

int main(void)
{
    if (pipe(ends) != 0)
        return 1;
    return both(tells, hears);
}
