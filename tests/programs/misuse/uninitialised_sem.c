/* SPDX-License-Identifier: MIT */
/* A semaphore that was never initialised. */
/* EXPECT: uninitialised-object main on s */
#include "unseen.h"

static sem_t s;

int main(void)
{
    sem_post(&s);
    sem_wait(&s);
    return 0;
}
