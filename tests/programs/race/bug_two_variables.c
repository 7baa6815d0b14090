/* SPDX-License-Identifier: MIT */
/* A pair of variables that belong together (a table and whether it is empty): one of them is changed without the lock. */
/* EXPECT: race flushes/fills on is_empty */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int table[4], is_empty = 1;

static NOINLINE void *fills(void *none)
{
    hidden_await(1);
    pthread_mutex_lock(&lock);
    table[0] = 1;
    is_empty = 0;
    pthread_mutex_unlock(&lock);
    return NULL;
}

static NOINLINE void *flushes(void *none)
{
    pthread_mutex_lock(&lock);
    memset(table, 0, sizeof table);
    if (IS_TWIN)
        is_empty = 1;
    pthread_mutex_unlock(&lock);
    if (!IS_TWIN)
        is_empty = 1;
    hidden_done(1);
    return NULL;
}

int main(void) { return both(flushes, fills) || table[0] != 1 || is_empty; }
