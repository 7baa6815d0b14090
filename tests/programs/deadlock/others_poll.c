/* SPDX-License-Identifier: MIT */
/* Two threads are deadlocked while main polls with timeouts: not ended, since main goes on. */
/* EXPECT: deadlock take_ab/take_ba on a,b */
#include <poll.h>

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
    await_mutex_waiter(&a);
    await_mutex_waiter(&b);
    for (int i = 0; i < 15; i++)
        poll(NULL, 0, 100);
    puts("served fifteen times");
    exit(one == two);
    join(one);
    join(two);
    return 0;
}
