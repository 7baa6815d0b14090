/* SPDX-License-Identifier: MIT */
/* A number is closed and given to another file while a thread still writes to what it was; the twin's close waits under a lock. */
/* EXPECT: fd-race uses/reopens */
/* TWIN */
#include "hidden.h"
#include <fcntl.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int device;

static NOINLINE void reopens(void)
{
    pthread_mutex_lock(&lock);
    close(device);
    device = open("/dev/null", O_WRONLY);
    pthread_mutex_unlock(&lock);
}

static void *other(void *none)
{
    hidden_await(1);
    reopens();
    return NULL;
}

static NOINLINE void *uses(void *none)
{
    pthread_mutex_lock(&lock);
    int mine = device;
    if (!IS_TWIN)
        pthread_mutex_unlock(&lock);
    USE(write(mine, "x", 1));
    if (IS_TWIN)
        pthread_mutex_unlock(&lock);
    hidden_done(1);
    return NULL;
}

int main(void)
{
    device = open("/dev/null", O_WRONLY);
    pthread_t one = start(uses, NULL), two = start(other, NULL);
    join(one);
    join(two);
    return 0;
}
