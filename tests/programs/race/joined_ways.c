/* SPDX-License-Identifier: MIT */
/* tryjoin, timedjoin and a join by a third thread order as well; a failed tryjoin does not. */
/* EXPECT: race makes/peeks on results */
/* TWIN */
#include "hidden.h"

static int results[3];

static NOINLINE void *makes(void *argument)
{
    results[(intptr_t)argument] = 1;
    hidden_count();
    return NULL;
}

static NOINLINE void peeks(void) { USE(((volatile int *)results)[1]); }

static void *joins(void *argument)
{
    join(*(pthread_t *)argument);
    return NULL;
}

int main(void)
{
    pthread_t threads[3];
    for (intptr_t i = 0; i < 3; i++)
        threads[i] = start(makes, (void *)i);
    hidden_meet(3 + 1);
    if (!IS_TWIN)
        peeks();
    while (pthread_tryjoin_np(threads[0], NULL) != 0)
        sched_yield();
    struct timespec limit = in_milliseconds(100000);
    if (pthread_timedjoin_np(threads[1], NULL, &limit) != 0)
        abort();
    if (IS_TWIN)
        peeks();
    join(start(joins, &threads[2]));
    return results[0] + results[1] + results[2] != 3;
}
