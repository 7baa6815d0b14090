/* SPDX-License-Identifier: MIT */
/* pthread_once orders its function before all who pass it, the fast path too; the wrong program's own flag does not. */
/* EXPECT: race makes/uses_once on made */
/* TWIN */
#include "hidden.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int made;

static NOINLINE void makes(void) { made = 1; }

static NOINLINE void uses_once(void)
{
    if (IS_TWIN)
        pthread_once(&once, makes);
    if (made != 1)
        abort();
}

static void *first(void *none)
{
    if (IS_TWIN)
        pthread_once(&once, makes);
    else
        makes();
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    uses_once();
    return NULL;
}

int main(void) { return both(first, second); }
