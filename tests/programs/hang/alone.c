/* SPDX-License-Identifier: MIT */
/* The only thread waits for a semaphore. */
/* STUCK */
/* EXPECT: hang main on s */
#include "unseen.h"

static sem_t s;

int main(void)
{
    sem_init(&s, 0, 0);
    sem_wait(&s);
    return 0;
}
