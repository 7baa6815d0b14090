/* SPDX-License-Identifier: MIT */
/* A semaphore is destroyed while a thread waits for it. */
/* EXPECT: destroy-in-use main on s */
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
    sem_destroy(&s);
    join(thread);
    return 0;
}
