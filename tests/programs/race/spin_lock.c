/* SPDX-License-Identifier: MIT */
/* A spin lock of POSIX threads on one side only, and on both. */
/* EXPECT: race writer/reader on value */
/* TWIN */
#include "hidden.h"

static pthread_spinlock_t lock;
static int value;

static void *writer(void *none)
{
    pthread_spin_lock(&lock);
    value = 1;
    pthread_spin_unlock(&lock);
    hidden_done(1);
    return NULL;
}

static void *reader(void *none)
{
    hidden_await(1);
    if (IS_TWIN)
        pthread_spin_lock(&lock);
    USE(*(volatile int *)&value);
    if (IS_TWIN)
        pthread_spin_unlock(&lock);
    return NULL;
}

int main(void)
{
    pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
    return both(writer, reader);
}
