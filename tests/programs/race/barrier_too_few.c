/* SPDX-License-Identifier: MIT */
/* A barrier for two that four threads use: only the two that pass together are ordered. */
/* EXPECT: race early/late on value */
/* TWIN */
#include "hidden.h"

static pthread_barrier_t barrier;
static int value;

static void *early(void *none)
{
    value = 1;
    pthread_barrier_wait(&barrier);
    hidden_count();
    return NULL;
}

static void *passes(void *none)
{
    pthread_barrier_wait(&barrier);
    hidden_count();
    return NULL;
}

static void *late(void *none)
{
    if (!IS_TWIN)
        hidden_meet(2 + 1);
    pthread_barrier_wait(&barrier);
    USE(*(volatile int *)&value);
    return NULL;
}

static void *late_partner(void *none)
{
    if (!IS_TWIN)
        SPIN_UNTIL(lseek(hidden_present, 0, SEEK_CUR) >= 2 + 1);
    return passes(none);
}

int main(void)
{
    pthread_barrier_init(&barrier, NULL, IS_TWIN ? 4 : 2);
    pthread_t threads[4] = {start(early, NULL), start(passes, NULL), start(late, NULL), start(late_partner, NULL)};
    for (int i = 0; i < 4; i++)
        join(threads[i]);
    return 0;
}
