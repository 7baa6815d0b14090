/* SPDX-License-Identifier: MIT */
/* A thread joins itself. */
/* EXPECT: invalid-argument self_joiner */
#include "unseen.h"

static void *nothing(void *argument) { return NULL; }

static void *self_joiner(void *argument)
{
    if (argument)
        join(start(nothing, NULL));
    return pthread_join(pthread_self(), NULL) == EDEADLK ? NULL : argument;
}

int main(void)
{
    join(start(self_joiner, NULL));
    return 0;
}
