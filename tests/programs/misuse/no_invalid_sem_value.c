/* SPDX-License-Identifier: MIT */
/* A semaphore with SEM_VALUE_MAX. */
/* EXPECT-NONE */
#include <limits.h>

#include "unseen.h"

static sem_t s;

int main(void)
{
    unsigned value = SEM_VALUE_MAX;
    if (!sem_init(&s, 0, value))
        sem_destroy(&s);
    return 0;
}
