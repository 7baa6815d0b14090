/* SPDX-License-Identifier: MIT */
/* A semaphore with more than SEM_VALUE_MAX. */
/* EXPECT: invalid-argument main */
#include <limits.h>

#include "unseen.h"

static sem_t s;

int main(void)
{
    unsigned value = SEM_VALUE_MAX + 1u;
    if (!sem_init(&s, 0, value))
        sem_destroy(&s);
    return 0;
}
