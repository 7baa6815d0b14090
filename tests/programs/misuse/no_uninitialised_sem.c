/* SPDX-License-Identifier: MIT */
/* A semaphore that was. */
/* EXPECT-NONE */
#include "unseen.h"

static sem_t s;

int main(void)
{
    sem_init(&s, 0, 0);
    sem_post(&s);
    sem_wait(&s);
    return 0;
}
