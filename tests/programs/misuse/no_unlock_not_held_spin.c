/* SPDX-License-Identifier: MIT */
/* A spin lock is unlocked that was got by trylock. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_spinlock_t s;

int main(void)
{
    pthread_spin_init(&s, PTHREAD_PROCESS_PRIVATE);
    if (!pthread_spin_trylock(&s))
    pthread_spin_unlock(&s);
    pthread_spin_destroy(&s);
    return 0;
}
