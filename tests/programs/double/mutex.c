/* SPDX-License-Identifier: MIT */
/* A normal mutex is locked twice by one thread. */
/* STUCK */
/* EXPECT: double-lock main/again on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

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
