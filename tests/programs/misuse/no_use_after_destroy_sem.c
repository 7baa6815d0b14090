/* SPDX-License-Identifier: MIT */
/* A semaphore is posted before it is destroyed. */
/* EXPECT-NONE */
#include "unseen.h"

static sem_t s;

int main(void)
{
    sem_init(&s, 0, 0);
    sem_post(&s);
    sem_destroy(&s);
    return 0;
}
