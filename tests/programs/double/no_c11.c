/* SPDX-License-Identifier: MIT */
/* mtx_recursive locked twice. */
/* EXPECT-NONE */
#include <threads.h>

#include "unseen.h"

static mtx_t m;

int main(void)
{
    mtx_init(&m, mtx_plain | mtx_recursive);
    mtx_lock(&m);
    mtx_lock(&m);
    mtx_unlock(&m);
    mtx_unlock(&m);
    mtx_destroy(&m);
    return 0;
}
