/* SPDX-License-Identifier: MIT */
/* A thread joins another one. */
/* EXPECT-NONE */
#include "unseen.h"

static void *nothing(void *argument) { return NULL; }

static void *self_joiner(void *argument)
{
    join(start(nothing, NULL));
    return NULL;
}

int main(void)
{
    join(start(self_joiner, NULL));
    return 0;
}
