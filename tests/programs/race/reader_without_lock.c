/* SPDX-License-Identifier: MIT */
/* Writers take the lock, one reader does not. */
/* EXPECT: race updates/peeks on balance */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long balance;

static void *updates(void *none)
{
    for (int i = 0; i < 8; i++) {
        pthread_mutex_lock(&lock);
        balance += i;
        pthread_mutex_unlock(&lock);
    }
    hidden_done(1);
    return NULL;
}

static void *peeks(void *none)
{
    hidden_await(1);
    if (IS_TWIN)
        pthread_mutex_lock(&lock);
    USE(*(volatile long *)&balance);
    if (IS_TWIN)
        pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void) { return both(updates, peeks); }
