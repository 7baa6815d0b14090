/* SPDX-License-Identifier: MIT */
/* A block is freed with a locked mutex in it. */
/* EXPECT: free-locked main */
#include "unseen.h"

int main(void)
{
    char *block = malloc(200);
    pthread_mutex_t *m = (pthread_mutex_t *)(block + 64);
    pthread_mutex_init(m, NULL);
    pthread_mutex_lock(m);
    free(block);
    return 0;
}
