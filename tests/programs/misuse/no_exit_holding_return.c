/* SPDX-License-Identifier: MIT */
/* The mutex was given up. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *leave(void *argument)
{
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    join(start(leave, NULL));
    return 0;
}
