/* SPDX-License-Identifier: MIT */
/* C11: a thread holds a mutex while it joins a thread that needs it. */
/* STUCK */
/* EXPECT: deadlock worker/main on m */
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
    thrd_join(thread, NULL);
    mtx_unlock(&m);
    return 0;
}
