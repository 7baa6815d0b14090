/* SPDX-License-Identifier: MIT */
/* A mutex in a block that was filled with other bytes. */
/* EXPECT: uninitialised-object main */
#include <string.h>

#include "unseen.h"

int main(void)
{
    char *block = malloc(sizeof(pthread_mutex_t));
    memset(block, 0x5a, sizeof(pthread_mutex_t));
    pthread_mutex_t *m = (pthread_mutex_t *)block;
    if (!pthread_mutex_trylock(m))
        pthread_mutex_unlock(m);
    free(block);
    return 0;
}
