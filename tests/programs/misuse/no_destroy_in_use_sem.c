/* SPDX-License-Identifier: MIT */
/* It is destroyed after the thread has been joined. */
/* EXPECT-NONE */
#include "unseen.h"

static sem_t s;

static void *waiter(void *argument)
{
    struct timespec limit = in_milliseconds(500);
    sem_timedwait(&s, &limit);
    return NULL;
}

int main(void)
{
    sem_init(&s, 0, 0);
    pthread_t thread = start(waiter, NULL);
    await_sem_waiters(&s, 1);
    join(thread);
    sem_destroy(&s);
    return 0;
}
