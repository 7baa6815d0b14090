/* SPDX-License-Identifier: MIT */
/* A mutex is destroyed while it is held. */
/* EXPECT: destroy-locked main on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

int main(void)
{
    pthread_mutex_lock(&m);
    pthread_mutex_destroy(&m);
    return 0;
}
