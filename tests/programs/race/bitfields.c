/* SPDX-License-Identifier: MIT */
/* Two bit-fields of one storage unit are one object; a field of width 0 between them makes the twin's two. */
/* EXPECT: race set_left/set_right on flags|flags.left|flags.right */
/* TWIN */
#include "hidden.h"

static struct {
    unsigned left : 3;
#ifdef TWIN
    unsigned : 0;
#endif
    unsigned right : 3;
} volatile flags;

static void *set_left(void *none)
{
    flags.left = 1;
    hidden_done(1);
    return NULL;
}

static void *set_right(void *none)
{
    hidden_await(1);
    flags.right = 1;
    return NULL;
}

int main(void) { return both(set_left, set_right); }
