/* SPDX-License-Identifier: MIT */
/* trylock, timedlock and clocklock that succeed order as lock does; one that fails orders nothing. */
/* EXPECT: race writer/reads_after_failure on value */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, held = PTHREAD_MUTEX_INITIALIZER;
static int value, tried, timed, clocked;

static void *writer(void *none)
{
    pthread_mutex_lock(&lock);
    value = tried = timed = clocked = 1;
    pthread_mutex_unlock(&lock);
    hidden_done(1);
    hidden_await(2);
    return NULL;
}

static NOINLINE void reads_after_failure(void)
{
    if (IS_TWIN || pthread_mutex_trylock(&held) != 0)
        USE(*(volatile int *)&value);
}

static void *reader(void *none)
{
    hidden_await(1);
    if (!IS_TWIN)
        reads_after_failure();
    if (pthread_mutex_trylock(&lock) == 0) {
        tried++;
        if (IS_TWIN)
            reads_after_failure();
        pthread_mutex_unlock(&lock);
    }
    struct timespec limit = in_milliseconds(100000);
    if (pthread_mutex_timedlock(&lock, &limit) == 0) {
        timed++;
        pthread_mutex_unlock(&lock);
    }
    if (pthread_mutex_clocklock(&lock, CLOCK_REALTIME, &limit) == 0) {
        clocked++;
        pthread_mutex_unlock(&lock);
    }
    hidden_done(2);
    return NULL;
}

int main(void)
{
    pthread_mutex_lock(&held);
    int status = both(writer, reader);
    pthread_mutex_unlock(&held);
    return status;
}
