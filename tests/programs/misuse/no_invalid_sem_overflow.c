/* SPDX-License-Identifier: MIT */
/* A post to a semaphore that is one below. */
/* EXPECT-NONE */
#include <limits.h>

#include "unseen.h"

static sem_t s;

int main(void)
{
    sem_init(&s, 0, SEM_VALUE_MAX - 1);
    sem_post(&s);
    return 0;
}
