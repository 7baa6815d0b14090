/* SPDX-License-Identifier: MIT */
/* The thread unlocks in between. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *twice(void *argument)
{
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    join(start(twice, NULL));
    return 0;
}
