/* SPDX-License-Identifier: MIT */
/* An mtx_t that was never initialised: C11 has no static initialiser. */
/* EXPECT: uninitialised-object main on m */
#include <threads.h>

#include "unseen.h"

static mtx_t m;

int main(void)
{
    mtx_lock(&m);
    mtx_unlock(&m);
    return 0;
}
