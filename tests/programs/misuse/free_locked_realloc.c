/* SPDX-License-Identifier: MIT */
/* A block with a locked rwlock in it moves. */
/* EXPECT: free-locked main */
#include <sys/mman.h>

#include "unseen.h"

int main(void)
{
    pthread_rwlock_t *r = malloc(sizeof *r);
    void *neighbour = malloc(64);
    pthread_rwlock_init(r, NULL);
    pthread_rwlock_rdlock(r);
    r = realloc(r, 1 << 20);
    free(r);
    free(neighbour);
    return 0;
}
