/* SPDX-License-Identifier: MIT */
/* A mutex is locked after it was destroyed and initialised again. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m;

int main(void)
{
    pthread_mutex_init(&m, NULL);
    pthread_mutex_destroy(&m);
    pthread_mutex_init(&m, NULL);
    if (!pthread_mutex_lock(&m))
        pthread_mutex_unlock(&m);
    return 0;
}
