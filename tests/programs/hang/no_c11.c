/* SPDX-License-Identifier: MIT */
/* C11: a condition that the other thread signals. */
/* EXPECT-NONE */
#include <threads.h>

#include "unseen.h"

static mtx_t m;
static cnd_t changed;
static int is_changed;

static int waiter(void *argument)
{
    mtx_lock(&m);
    while (!is_changed)
        cnd_wait(&changed, &m);
    mtx_unlock(&m);
    return 0;
}

int main(void)
{
    thrd_t thread;
    mtx_init(&m, mtx_plain);
    cnd_init(&changed);
    thrd_create(&thread, waiter, NULL);
    mtx_lock(&m);
    is_changed = 1;
    cnd_signal(&changed);
    mtx_unlock(&m);
    thrd_join(thread, NULL);
    return 0;
}
