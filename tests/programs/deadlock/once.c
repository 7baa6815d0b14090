/* SPDX-License-Identifier: MIT */
/* A once routine wants the mutex that another thread holds while it waits for the routine. */
/* STUCK */
/* EXPECT: deadlock first/second on m */
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
    pthread_once(&once, routine);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t one = start(first, NULL), two = start(second, NULL);
    join(one);
    join(two);
    return 0;
}
