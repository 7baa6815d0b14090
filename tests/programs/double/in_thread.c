/* SPDX-License-Identifier: MIT */
/* A thread locks a mutex twice; main joins it. */
/* STUCK */
/* EXPECT: double-lock twice on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *twice(void *argument)
{
    pthread_mutex_lock(&m);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    join(start(twice, NULL));
    return 0;
}
