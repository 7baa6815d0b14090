/* SPDX-License-Identifier: MIT */
/* The mutex was unlocked before. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t later = PTHREAD_MUTEX_INITIALIZER;

static __attribute__((noinline)) void forget(void)
{
    pthread_mutex_t local = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&local);
    pthread_mutex_unlock(&local);
}

int main(void)
{
    forget();
    pthread_mutex_lock(&later);
    pthread_mutex_unlock(&later);
    return 0;
}
