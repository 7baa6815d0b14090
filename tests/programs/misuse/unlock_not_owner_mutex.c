/* SPDX-License-Identifier: MIT */
/* A thread unlocks a mutex that main holds. */
/* EXPECT: unlock-not-owner give/main on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *give(void *argument)
{
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_mutex_lock(&m);
    join(start(give, NULL));
    return 0;
}
