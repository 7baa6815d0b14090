/* SPDX-License-Identifier: MIT */
/* C11: the mutex is given up before the join. */
/* EXPECT-NONE */
#include <threads.h>

#include "unseen.h"

static mtx_t m;

static int worker(void *argument)
{
    mtx_lock(&m);
    mtx_unlock(&m);
    return 0;
}

int main(void)
{
    thrd_t thread;
    mtx_init(&m, mtx_plain);
    mtx_lock(&m);
    thrd_create(&thread, worker, NULL);
    mtx_unlock(&m);
    thrd_join(thread, NULL);
    return 0;
}
