/* SPDX-License-Identifier: MIT */
/* An rwlock in a block that was freed and allocated again. */
/* EXPECT-NONE */
#include "unseen.h"

int main(void)
{
    pthread_rwlock_t *r = malloc(sizeof *r);
    pthread_rwlock_init(r, NULL);
    pthread_rwlock_destroy(r);
    free(r);
    r = calloc(1, sizeof *r);
    pthread_rwlock_rdlock(r);
    pthread_rwlock_unlock(r);
    free(r);
    return 0;
}
