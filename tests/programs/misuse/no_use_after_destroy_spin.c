/* SPDX-License-Identifier: MIT */
/* A spin lock is taken after it was destroyed and initialised again. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_spinlock_t s;

int main(void)
{
    pthread_spin_init(&s, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_destroy(&s);
    pthread_spin_init(&s, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_lock(&s);
    pthread_spin_unlock(&s);
    return 0;
}
