/* SPDX-License-Identifier: MIT */
/* The lock is given up before the last access; the twin keeps it. */
/* EXPECT: race adds on total */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long total;

static void *adds(void *none)
{
    pthread_mutex_lock(&lock);
    long sum = total + 5;
    COMPILER_BARRIER();
    if (!IS_TWIN)
        pthread_mutex_unlock(&lock);
    total = sum;
    COMPILER_BARRIER();
    if (IS_TWIN)
        pthread_mutex_unlock(&lock);
    hidden_done(1);
    return NULL;
}

static void *adds_later(void *none)
{
    hidden_await(1);
    pthread_mutex_lock(&lock);
    total += 5;
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void) { return both(adds, adds_later); }
