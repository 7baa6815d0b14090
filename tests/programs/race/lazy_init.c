/* SPDX-License-Identifier: MIT */
/* Two threads make an object when they find none; the twin looks and makes under a lock. */
/* EXPECT: race get on instance */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int *instance;

static NOINLINE int *get(void)
{
    if (IS_TWIN)
        pthread_mutex_lock(&lock);
    int *got = instance;
    if (!got)
        instance = got = calloc(1, sizeof *got);
    if (IS_TWIN)
        pthread_mutex_unlock(&lock);
    return got;
}

static void *first(void *none)
{
    USE(get());
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    USE(get());
    return NULL;
}

int main(void) { return both(first, second); }
