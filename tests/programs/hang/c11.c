/* SPDX-License-Identifier: MIT */
/* C11: a condition that nobody signals. */
/* STUCK */
/* EXPECT: hang waiter on changed */
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
    mtx_unlock(&m);
    thrd_join(thread, NULL);
    return 0;
}
