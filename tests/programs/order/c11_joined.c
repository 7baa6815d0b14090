/* SPDX-License-Identifier: MIT */
/* C11 threads that live at the same time take the opposite orders. */
/* EXPECT: lock-order take_ab/take_ba on a,b */
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
    mtx_lock(&b);
    mtx_lock(&a);
    mtx_unlock(&a);
    mtx_unlock(&b);
    return 0;
}

int main(void)
{
    thrd_t one, two;
    mtx_init(&a, mtx_plain);
    mtx_init(&b, mtx_plain | mtx_recursive);
    thrd_create(&one, take_ab, NULL);
    await_step(1);
    thrd_create(&two, take_ba, NULL);
    thrd_join(one, NULL);
    thrd_join(two, NULL);
    return 0;
}
