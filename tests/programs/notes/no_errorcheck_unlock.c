/* SPDX-License-Identifier: MIT */
/* The owner unlocks it. */
/* EXPECT-NONE */
/* OPTIONS: --notes */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;

static void *give(void *argument)
{
    pthread_mutex_lock(&m);
    return pthread_mutex_unlock(&m) ? argument : NULL;
}

int main(void)
{
    join(start(give, NULL));
    return 0;
}
