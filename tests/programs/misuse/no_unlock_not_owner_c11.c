/* SPDX-License-Identifier: MIT */
/* The thread takes it first. */
/* EXPECT-NONE */
#include <threads.h>

#include "unseen.h"

static mtx_t m;

static int give(void *argument)
{
    mtx_lock(&m);
    mtx_unlock(&m);
    return 0;
}

int main(void)
{
    thrd_t thread;
    mtx_init(&m, mtx_plain);
    thrd_create(&thread, give, NULL);
    thrd_join(thread, NULL);
    return 0;
}
