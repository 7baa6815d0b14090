/* SPDX-License-Identifier: MIT */
/* Spin locks in one order. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_spinlock_t a, b;

static void *take_ab(void *argument)
{
    pthread_spin_lock(&a);
    pthread_spin_lock(&b);
    pthread_spin_unlock(&b);
    pthread_spin_unlock(&a);
    step_done(1);
    return NULL;
}

static void *take_ba(void *argument)
{
    pthread_spinlock_t *first = &a, *second = &b;
    await_step(1);
    pthread_spin_lock(first);
    pthread_spin_lock(second);
    pthread_spin_unlock(second);
    pthread_spin_unlock(first);
    return NULL;
}

int main(void)
{
    pthread_spin_init(&a, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_init(&b, PTHREAD_PROCESS_PRIVATE);
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    pthread_spin_destroy(&a);
    pthread_spin_destroy(&b);
    return 0;
}
