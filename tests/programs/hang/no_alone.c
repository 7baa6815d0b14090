/* SPDX-License-Identifier: MIT */
/* The only thread waits for a semaphore with a count. */
/* EXPECT-NONE */
#include "unseen.h"

static sem_t s;

int main(void)
{
    sem_init(&s, 0, 1);
    sem_wait(&s);
    return 0;
}
