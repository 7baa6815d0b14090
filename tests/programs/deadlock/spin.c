/* SPDX-License-Identifier: MIT */
/* Two threads spin for each other's spin lock. */
/* STUCK */
/* EXPECT: deadlock take_ab/take_ba on a,b */
#include "unseen.h"

static pthread_spinlock_t a, b;

static void *take_ab(void *argument)
{
    pthread_spin_lock(&a);
    meet(2);
    pthread_spin_lock(&b);
    pthread_spin_unlock(&b);
    pthread_spin_unlock(&a);
    return NULL;
}

static void *take_ba(void *argument)
{
    pthread_spin_lock(&b);
    meet(2);
    if (!pthread_spin_lock(&a))
        pthread_spin_unlock(&a);
    pthread_spin_unlock(&b);
    return NULL;
}

int main(void)
{
    pthread_spin_init(&a, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_init(&b, PTHREAD_PROCESS_PRIVATE);
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    return 0;
}
