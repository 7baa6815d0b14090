/* SPDX-License-Identifier: MIT */
/* The rwlock was unlocked before. */
/* EXPECT-NONE */
#include <sys/mman.h>

#include "unseen.h"

int main(void)
{
    pthread_rwlock_t *r = malloc(sizeof *r);
    void *neighbour = malloc(64);
    pthread_rwlock_init(r, NULL);
    pthread_rwlock_rdlock(r);
    pthread_rwlock_unlock(r);
    r = realloc(r, 1 << 20);
    free(r);
    free(neighbour);
    return 0;
}
