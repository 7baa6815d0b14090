/* SPDX-License-Identifier: MIT */
/* main unlocks it itself. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_spinlock_t s;

static void *give(void *argument)
{
    return NULL;
}

int main(void)
{
    pthread_spin_init(&s, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_lock(&s);
    join(start(give, NULL));
    pthread_spin_unlock(&s);
    return 0;
}
