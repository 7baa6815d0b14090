/* SPDX-License-Identifier: MIT */
/* A thread returns with a mutex held. */
/* EXPECT: exit-holding-lock leave on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *leave(void *argument)
{
    pthread_mutex_lock(&m);
    return NULL;
}

int main(void)
{
    join(start(leave, NULL));
    return 0;
}
