/* SPDX-License-Identifier: MIT */
/* mtx_plain locked twice. */
/* STUCK */
/* EXPECT: double-lock main on m */
#include <threads.h>

#include "unseen.h"

static mtx_t m;

int main(void)
{
    mtx_init(&m, mtx_plain);
    mtx_lock(&m);
    mtx_lock(&m);
    mtx_unlock(&m);
    mtx_unlock(&m);
    mtx_destroy(&m);
    return 0;
}
