/* SPDX-License-Identifier: MIT */
/* A timed wait for a condition with 999,999,999 nanoseconds, long past. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

int main(void)
{
    struct timespec limit = {1, 999999999};
    pthread_mutex_lock(&m);
    int error = pthread_cond_timedwait(&c, &m, &limit);
    pthread_mutex_unlock(&m);
    return error != ETIMEDOUT;
}
