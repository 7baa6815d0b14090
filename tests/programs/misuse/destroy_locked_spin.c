/* SPDX-License-Identifier: MIT */
/* A spin lock is destroyed while it is held. */
/* EXPECT: destroy-locked main on s */
#include "unseen.h"

static pthread_spinlock_t s;

int main(void)
{
    pthread_spin_init(&s, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_lock(&s);
    pthread_spin_destroy(&s);
    return 0;
}
