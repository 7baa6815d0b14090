/* SPDX-License-Identifier: MIT */
/* A thread is cancelled in a wait: it ends with the condition's mutex held. */
/* EXPECT: exit-holding-lock waiter on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void give_up(void *argument)
{
}

static void *waiter(void *argument)
{
    pthread_mutex_lock(&m);
    pthread_cleanup_push(give_up, NULL);
    for (;;)
        pthread_cond_wait(&never, &m);
    pthread_cleanup_pop(1);
    return NULL;
}

int main(void)
{
    pthread_t thread = start(waiter, NULL);
    await_cond_waiters(&never, 1);
    pthread_cancel(thread);
    join(thread);
    return 0;
}
