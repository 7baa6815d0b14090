/* SPDX-License-Identifier: MIT */
/* Two threads are joined. */
/* EXPECT-NONE */
#include "unseen.h"

static void *nothing(void *argument) { return NULL; }

int main(void)
{
    pthread_t one = start(nothing, NULL), two = start(nothing, NULL);
    pthread_join(one, NULL);
    pthread_join(two, NULL);
    return 0;
}
