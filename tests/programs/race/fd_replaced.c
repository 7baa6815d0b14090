/* SPDX-License-Identifier: MIT */
/* A log is opened anew under its old number: by close and dup, between which the number is nobody's; the twin's dup2 leaves no such
 * moment. */
/* EXPECT: fd-race writes_line/opens_anew */
/* TWIN */
#include "hidden.h"
#include <fcntl.h>

static int logged, next;

static NOINLINE void *writes_line(void *none)
{
    USE(write(logged, "line\n", 5));
    hidden_done(1);
    return NULL;
}

static NOINLINE void *opens_anew(void *none)
{
    hidden_await(1);
    if (!IS_TWIN)
        close(logged);
    dup2(next, logged);
    return NULL;
}

int main(void)
{
    logged = open("/dev/null", O_WRONLY);
    next = open("/dev/null", O_WRONLY);
    return both(writes_line, opens_anew);
}
