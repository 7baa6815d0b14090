/* SPDX-License-Identifier: MIT */
/* A thread is joined twice. */
/* EXPECT: invalid-argument main */
#include "unseen.h"

static void *nothing(void *argument) { return NULL; }

int main(void)
{
    pthread_t one = start(nothing, NULL), two = start(nothing, NULL);
    pthread_join(one, NULL);
    pthread_join(two, NULL);
    if (pthread_join(one, NULL) == 0)
        return 1;
    return 0;
}
