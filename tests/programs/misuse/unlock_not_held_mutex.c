/* SPDX-License-Identifier: MIT */
/* A mutex is unlocked that was never locked. */
/* EXPECT: unlock-not-held main on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

int main(void)
{
    pthread_mutex_unlock(&m);
    return 0;
}
