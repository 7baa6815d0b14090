/* SPDX-License-Identifier: MIT */
/* A recursive mutex is free only after its last unlock: the wrong program writes after that, the twin after the inner one. */
/* EXPECT: race writer/reader on value */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static int value;

static void *writer(void *none)
{
    pthread_mutex_lock(&lock);
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    if (IS_TWIN)
        value = 1;
    pthread_mutex_unlock(&lock);
    if (!IS_TWIN)
        value = 1;
    hidden_done(1);
    return NULL;
}

static void *reader(void *none)
{
    hidden_await(1);
    pthread_mutex_lock(&lock);
    USE(value);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void) { return both(writer, reader); }
