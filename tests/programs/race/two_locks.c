/* SPDX-License-Identifier: MIT */
/* One side holds lock a, the other lock b; the twin's hold both have one in common. */
/* EXPECT: race with_a/with_b on shared */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static int shared;

static void *with_a(void *none)
{
    pthread_mutex_lock(&a);
    shared++;
    pthread_mutex_unlock(&a);
    hidden_done(1);
    return NULL;
}

static void *with_b(void *none)
{
    hidden_await(1);
    if (IS_TWIN)
        pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    shared++;
    pthread_mutex_unlock(&b);
    if (IS_TWIN)
        pthread_mutex_unlock(&a);
    return NULL;
}

int main(void) { return both(with_a, with_b); }
