/* SPDX-License-Identifier: MIT */
/* A thread locks a mutex twice, while main goes on. */
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
    pthread_t thread = start(twice, NULL);
    await_mutex_waiter(&m);
    exit(thread == 0);
    join(thread);
    return 0;
}
