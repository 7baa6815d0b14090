/* SPDX-License-Identifier: MIT */
/* A C11 thread unlocks an mtx_t that main holds. */
/* EXPECT: unlock-not-owner give on m */
#include <threads.h>

#include "unseen.h"

static mtx_t m;

static int give(void *argument)
{
    mtx_unlock(&m);
    return 0;
}

int main(void)
{
    thrd_t thread;
    mtx_init(&m, mtx_plain);
    mtx_lock(&m);
    thrd_create(&thread, give, NULL);
    thrd_join(thread, NULL);
    return 0;
}
