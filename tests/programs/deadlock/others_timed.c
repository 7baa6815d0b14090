/* SPDX-License-Identifier: MIT */
/* Two threads are deadlocked while main waits for a condition with a timeout. */
/* EXPECT: deadlock take_ab/take_ba on a,b */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void *take_ab(void *argument)
{
    pthread_mutex_lock(&a);
    meet(2);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    return NULL;
}

static void *take_ba(void *argument)
{
    pthread_mutex_t *first = &b, *second = &a;
    pthread_mutex_lock(first);
    meet(2);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
    return NULL;
}

int main(void)
{
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    await_mutex_waiter(&a);
    await_mutex_waiter(&b);
    struct timespec limit = in_milliseconds(1500);
    pthread_mutex_lock(&m);
    while (pthread_cond_timedwait(&never, &m, &limit) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&m);
    exit(one == two);
    join(one);
    join(two);
    return 0;
}
