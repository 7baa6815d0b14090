/* SPDX-License-Identifier: MIT */
/* Three threads join each other in a row. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_t threads[3];

static void *join_next(void *argument)
{
    int number = (int)(long)argument;
    await_step(1);
    if (number < 2)
        pthread_join(threads[number + 1], NULL);
    return NULL;
}

static void *watch(void *argument)
{
    join(threads[0]);
    return NULL;
}

int main(void)
{
    for (long i = 0; i < 3; i++)
        threads[i] = start(join_next, (void *)i);
    step_done(1);
    join(start(watch, NULL));
    return 0;
}
