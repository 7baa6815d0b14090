/* SPDX-License-Identifier: MIT */
/* The mutex was unlocked before. */
/* EXPECT-NONE */
#include "unseen.h"

int main(void)
{
    char *block = malloc(200);
    pthread_mutex_t *m = (pthread_mutex_t *)(block + 64);
    pthread_mutex_init(m, NULL);
    pthread_mutex_lock(m);
    pthread_mutex_unlock(m);
    free(block);
    return 0;
}
