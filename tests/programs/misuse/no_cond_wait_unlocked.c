/* SPDX-License-Identifier: MIT */
/* A wait with a mutex that is held. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

int main(void)
{
    struct timespec limit = in_milliseconds(100);
    pthread_mutex_lock(&m);
    pthread_cond_timedwait(&c, &m, &limit);
    pthread_mutex_unlock(&m);
    return 0;
}
