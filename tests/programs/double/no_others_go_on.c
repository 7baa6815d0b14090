/* SPDX-License-Identifier: MIT */
/* The thread tries the second time. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *twice(void *argument)
{
    pthread_mutex_lock(&m);
    if (!pthread_mutex_trylock(&m))
        abort();
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(twice, NULL);
    join(thread);
    return 0;
}
