/* SPDX-License-Identifier: MIT */
/* C11's mutex, condition, call_once and join; the wrong reader leaves the mutex out. */
/* EXPECT: race writes/reads on value */
/* TWIN */
#include "hidden.h"
#include <threads.h>

static mtx_t lock;
static cnd_t filled;
static once_flag flag = ONCE_FLAG_INIT;
static int value, full, made, result;

static void make(void) { made = 1; }

static NOINLINE int writes(void *none)
{
    call_once(&flag, make);
    mtx_lock(&lock);
    value = made;
    mtx_unlock(&lock);
    hidden_done(1);
    mtx_lock(&lock);
    full = 1;
    cnd_signal(&filled);
    mtx_unlock(&lock);
    result = 1;
    return 0;
}

static NOINLINE int reads(void *none)
{
    hidden_await(1);
    call_once(&flag, make);
    if (IS_TWIN)
        mtx_lock(&lock);
    USE(value);
    if (IS_TWIN)
        mtx_unlock(&lock);
    mtx_lock(&lock);
    while (!full)
        cnd_wait(&filled, &lock);
    mtx_unlock(&lock);
    return made;
}

int main(void)
{
    thrd_t one, two;
    mtx_init(&lock, mtx_plain);
    cnd_init(&filled);
    thrd_create(&one, writes, NULL);
    thrd_create(&two, reads, NULL);
    thrd_join(one, NULL);
    thrd_join(two, NULL);
    return result != 1;
}
