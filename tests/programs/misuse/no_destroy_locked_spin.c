/* SPDX-License-Identifier: MIT */
/* A spin lock is destroyed after it was given up. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_spinlock_t s;

int main(void)
{
    pthread_spin_init(&s, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_lock(&s);
    pthread_spin_unlock(&s);
    pthread_spin_destroy(&s);
    return 0;
}
