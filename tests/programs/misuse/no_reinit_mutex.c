/* SPDX-License-Identifier: MIT */
/* A mutex is initialised again while nobody uses it. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m;

int main(void)
{
    pthread_mutex_init(&m, NULL);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    pthread_mutex_init(&m, NULL);
    return 0;
}
