/* SPDX-License-Identifier: MIT */
/* Two threads hold one mutex each and want the other's. */
/* STUCK */
/* EXPECT: deadlock take_ab/take_ba on a,b */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

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
    join(one);
    join(two);
    return 0;
}
