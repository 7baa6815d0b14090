/* SPDX-License-Identifier: MIT */
/* Two writes of the same value are a race as well; the twin writes once for all. */
/* EXPECT: race sets on done */
/* TWIN */
#include "hidden.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int done;

static void set(void) { done = 1; }

static void *sets(void *none)
{
    if (IS_TWIN)
        pthread_once(&once, set);
    else
        done = 1;
    hidden_meet(2);
    return NULL;
}

int main(void) { return both(sets, sets) || !done; }
