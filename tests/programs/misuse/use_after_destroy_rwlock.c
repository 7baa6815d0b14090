/* SPDX-License-Identifier: MIT */
/* An rwlock is locked after it was destroyed. */
/* EXPECT: use-after-destroy main */
#include "unseen.h"

int main(void)
{
    pthread_rwlock_t *r = malloc(sizeof *r);
    pthread_rwlock_init(r, NULL);
    pthread_rwlock_destroy(r);
    pthread_rwlock_rdlock(r);
    pthread_rwlock_unlock(r);
    free(r);
    return 0;
}
