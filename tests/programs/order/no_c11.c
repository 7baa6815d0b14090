/* SPDX-License-Identifier: MIT */
/* C11 mutexes in C11 threads, in one order. */
/* EXPECT-NONE */
#include <threads.h>

#include "unseen.h"

static mtx_t a, b;

static int take_ab(void *argument)
{
    mtx_lock(&a);
    mtx_lock(&b);
    mtx_unlock(&b);
    mtx_unlock(&a);
    step_done(1);
    return 0;
}

static int take_ba(void *argument)
{
    mtx_t *first = &a, *second = &b;
    await_step(1);
    mtx_lock(first);
    mtx_lock(second);
    mtx_unlock(second);
    mtx_unlock(first);
    return 0;
}

int main(void)
{
    thrd_t one, two;
    mtx_init(&a, mtx_plain);
    mtx_init(&b, mtx_timed);
    thrd_create(&one, take_ab, NULL);
    thrd_create(&two, take_ba, NULL);
    thrd_join(one, NULL);
    thrd_join(two, NULL);
    mtx_destroy(&a);
    mtx_destroy(&b);
    return 0;
}
