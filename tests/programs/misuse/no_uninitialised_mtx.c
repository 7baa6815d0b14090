/* SPDX-License-Identifier: MIT */
/* An mtx_t that was. */
/* EXPECT-NONE */
#include <threads.h>

#include "unseen.h"

static mtx_t m;

int main(void)
{
    mtx_init(&m, mtx_plain);
    mtx_lock(&m);
    mtx_unlock(&m);
    return 0;
}
