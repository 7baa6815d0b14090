/* SPDX-License-Identifier: MIT */
/* A recursive mutex is. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static __attribute__((noinline)) void again(void)
{
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
}

int main(void)
{
    pthread_mutex_lock(&m);
    again();
    pthread_mutex_unlock(&m);
    return 0;
}
