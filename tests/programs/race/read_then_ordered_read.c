/* SPDX-License-Identifier: MIT */
/* A reader that is ordered with the writer does not hide an earlier one that is not. */
/* EXPECT: race early/writer on value */
/* TWIN */
#include "hidden.h"

static sem_t handed;
static int value = 1;

static void *early(void *none)
{
    USE(*(volatile int *)&value);
    if (IS_TWIN)
        sem_post(&handed);
    hidden_done(1);
    return NULL;
}

static void *writer(void *none)
{
    hidden_await(1);
    USE(*(volatile int *)&value);
    if (IS_TWIN)
        sem_wait(&handed);
    value = 2;
    return NULL;
}

int main(void)
{
    sem_init(&handed, 0, 0);
    return both(early, writer);
}
