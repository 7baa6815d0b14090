/* SPDX-License-Identifier: MIT */
/* sem_timedwait with a time in the past. */
/* EXPECT-NONE */
#include "unseen.h"

static sem_t s;

int main(void)
{
    struct timespec limit = {1, 0};
    sem_init(&s, 0, 0);
    return sem_timedwait(&s, &limit) != -1;
}
