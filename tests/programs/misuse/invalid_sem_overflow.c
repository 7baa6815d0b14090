/* SPDX-License-Identifier: MIT */
/* A post to a semaphore that is at SEM_VALUE_MAX. */
/* EXPECT: invalid-argument main on s */
#include <limits.h>

#include "unseen.h"

static sem_t s;

int main(void)
{
    sem_init(&s, 0, SEM_VALUE_MAX);
    sem_post(&s);
    return 0;
}
