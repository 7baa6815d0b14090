/* SPDX-License-Identifier: MIT */
/* sem_timedwait with a negative number of nanoseconds. */
/* EXPECT: invalid-argument main on s */
#include "unseen.h"

static sem_t s;

int main(void)
{
    struct timespec limit = {1, -1};
    sem_init(&s, 0, 0);
    return sem_timedwait(&s, &limit) != -1;
}
