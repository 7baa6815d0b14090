/* SPDX-License-Identifier: MIT */
/* Two readers of a read-write lock that both write; the twin's take it for writing. */
/* EXPECT: race counts on hits */
/* TWIN */
#include "hidden.h"

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int hits, table[4] = {1, 2, 3, 4};

static void *counts(void *none)
{
    if (IS_TWIN)
        pthread_rwlock_wrlock(&lock);
    else
        pthread_rwlock_rdlock(&lock);
    USE(table[2]);
    hits++;
    pthread_rwlock_unlock(&lock);
    hidden_meet(2);
    return NULL;
}

int main(void) { return both(counts, counts); }
