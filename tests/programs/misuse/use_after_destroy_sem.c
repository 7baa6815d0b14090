/* SPDX-License-Identifier: MIT */
/* A semaphore is posted after it was destroyed. */
/* EXPECT: use-after-destroy main on s */
#include "unseen.h"

static sem_t s;

int main(void)
{
    sem_init(&s, 0, 0);
    sem_destroy(&s);
    sem_post(&s);
    return 0;
}
