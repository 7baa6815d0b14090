/* SPDX-License-Identifier: MIT */
/* A loop that compilers unroll unlocks too often: one line, one mistake. */
/* EXPECT: unlock-not-held main on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

int main(void)
{
#pragma GCC unroll 5
    for (int i = 0; i < 5; i++)
        pthread_mutex_unlock(&m);
    return 0;
}
