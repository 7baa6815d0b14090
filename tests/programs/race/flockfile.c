/* SPDX-License-Identifier: MIT */
/* flockfile orders whoever takes it; the twin's reader takes it as well. */
/* EXPECT: race writer/reader on value */
/* TWIN */
#include "hidden.h"

static int value;

static void *writer(void *none)
{
    flockfile(stdout);
    value = 1;
    funlockfile(stdout);
    hidden_done(1);
    return NULL;
}

static void *reader(void *none)
{
    hidden_await(1);
    if (IS_TWIN)
        flockfile(stdout);
    USE(value);
    if (IS_TWIN)
        funlockfile(stdout);
    return NULL;
}

int main(void) { return both(writer, reader); }
