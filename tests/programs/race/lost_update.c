/* SPDX-License-Identifier: MIT */
/* Two threads count in one plain variable; the twin's count under a lock. */
/* EXPECT: race count_up on hits */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long hits;

static void *count_up(void *none)
{
    hidden_meet(2);
    for (int i = 0; i < 100; i++) {
        if (IS_TWIN)
            pthread_mutex_lock(&lock);
        hits++;
        COMPILER_BARRIER();
        if (IS_TWIN)
            pthread_mutex_unlock(&lock);
    }
    return NULL;
}

int main(void) { return both(count_up, count_up); }
