/* SPDX-License-Identifier: MIT */
/* A cleanup handler gives it up. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;

static void give_up(void *argument)
{
    pthread_rwlock_unlock(&r);
}

static void *leave(void *argument)
{
    pthread_rwlock_rdlock(&r);
    pthread_cleanup_push(give_up, NULL);
    pthread_exit(NULL);
    pthread_cleanup_pop(1);
    return NULL;
}

int main(void)
{
    join(start(leave, NULL));
    return 0;
}
