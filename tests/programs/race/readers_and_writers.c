/* SPDX-License-Identifier: MIT */
/* A read-write lock orders writers with readers both ways; in the wrong program one reader writes after a reader. */
/* EXPECT: race reads/rewrites on value */
/* TWIN */
#include "hidden.h"

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int value;

static NOINLINE void reads(void)
{
    pthread_rwlock_rdlock(&lock);
    USE(*(volatile int *)&value);
    pthread_rwlock_unlock(&lock);
}

static NOINLINE void rewrites(void)
{
    if (IS_TWIN)
        pthread_rwlock_wrlock(&lock);
    else
        pthread_rwlock_rdlock(&lock);
    value = 2;
    pthread_rwlock_unlock(&lock);
}

static void *first(void *none)
{
    pthread_rwlock_wrlock(&lock);
    value = 1;
    pthread_rwlock_unlock(&lock);
    reads();
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    reads();
    rewrites();
    return NULL;
}

int main(void) { return both(first, second); }
