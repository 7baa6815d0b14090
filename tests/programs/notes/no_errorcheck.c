/* SPDX-License-Identifier: MIT */
/* A trylock that finds the lock taken is no mistake. */
/* EXPECT-NONE */
/* OPTIONS: --notes */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;

int main(void)
{
    pthread_mutex_lock(&m);
    int error = pthread_mutex_trylock(&m);
    pthread_mutex_unlock(&m);
    return error != EBUSY;
}
