/* SPDX-License-Identifier: MIT */
/* A database rotates its log: between close and open another session finds it closed and drops its entry. */
/* EXPECT: race rotates/writes_entry on is_open */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static int is_open = 1, entries;

static NOINLINE void *rotates(void *none)
{
    pthread_mutex_lock(&log_lock);
    is_open = 0;
    COMPILER_BARRIER();
    is_open = 1;
    pthread_mutex_unlock(&log_lock);
    hidden_done(1);
    return NULL;
}

static NOINLINE void *writes_entry(void *none)
{
    hidden_await(1);
    if (IS_TWIN)
        pthread_mutex_lock(&log_lock);
    if (is_open) {
        if (!IS_TWIN)
            pthread_mutex_lock(&log_lock);
        entries++;
        if (!IS_TWIN)
            pthread_mutex_unlock(&log_lock);
    }
    if (IS_TWIN)
        pthread_mutex_unlock(&log_lock);
    return NULL;
}

int main(void) { return both(rotates, writes_entry) || entries != 1; }
