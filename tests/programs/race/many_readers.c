/* SPDX-License-Identifier: MIT */
/* A write is checked against all reads since the last one, not only the latest; the twin's readers are joined. */
/* EXPECT: race reads_first/main on value */
/* TWIN */
#include "hidden.h"

static int value = 1;

static NOINLINE void *reads_first(void *none)
{
    USE(*(volatile int *)&value);
    hidden_count();
    return NULL;
}

static void *reads(void *none)
{
    USE(*(volatile int *)&value);
    hidden_count();
    return NULL;
}

int main(void)
{
    pthread_t first = start(reads_first, NULL), others[6];
    hidden_meet(1 + 1);
    for (int i = 0; i < 6; i++)
        others[i] = start(reads, NULL);
    for (int i = 0; i < 6; i++)
        join(others[i]);
    if (IS_TWIN)
        join(first);
    value = 2;
    if (!IS_TWIN)
        join(first);
    return 0;
}
