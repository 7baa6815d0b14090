/* SPDX-License-Identifier: MIT */
/* A limit is checked outside of the lock under which it changes. */
/* EXPECT: race books on booked */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int booked;

static NOINLINE void books(void)
{
    if (IS_TWIN)
        pthread_mutex_lock(&lock);
    if (booked < 10) {
        if (!IS_TWIN)
            pthread_mutex_lock(&lock);
        booked++;
        if (!IS_TWIN)
            pthread_mutex_unlock(&lock);
    }
    COMPILER_BARRIER();
    if (IS_TWIN)
        pthread_mutex_unlock(&lock);
}

static void *first(void *none)
{
    books();
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    books();
    return NULL;
}

int main(void) { return both(first, second); }
