/* SPDX-License-Identifier: MIT */
/* The other thread gives the mutex up before it waits for the routine. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void routine(void)
{
    meet(2);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
}

static void *first(void *argument)
{
    pthread_once(&once, routine);
    return NULL;
}

static void *second(void *argument)
{
    pthread_mutex_lock(&m);
    meet(2);
    pthread_mutex_unlock(&m);
    pthread_once(&once, routine);
    return NULL;
}

int main(void)
{
    pthread_t one = start(first, NULL), two = start(second, NULL);
    join(one);
    join(two);
    return 0;
}
