/* SPDX-License-Identifier: MIT */
/* main returns with a spin lock held. */
/* EXPECT: exit-holding-lock main on s */
#include "unseen.h"

static pthread_spinlock_t s;

int main(void)
{
    pthread_spin_init(&s, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_lock(&s);
    return 0;
}
