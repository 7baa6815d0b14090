/* SPDX-License-Identifier: MIT */
/* A thread unlocks a spin lock that main holds. */
/* EXPECT: unlock-not-owner give on s */
#include "unseen.h"

static pthread_spinlock_t s;

static void *give(void *argument)
{
    pthread_spin_unlock(&s);
    return NULL;
}

int main(void)
{
    pthread_spin_init(&s, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_lock(&s);
    join(start(give, NULL));
    return 0;
}
