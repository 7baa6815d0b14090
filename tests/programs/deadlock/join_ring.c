/* SPDX-License-Identifier: MIT */
/* Three threads join each other in a ring. */
/* STUCK */
/* EXPECT: deadlock join_next */
#include "unseen.h"

static pthread_t threads[3];

static void *join_next(void *argument)
{
    int number = (int)(long)argument;
    await_step(1);
    pthread_join(threads[(number + 1) % 3], NULL);
    return NULL;
}

static void *watch(void *argument)
{
    return NULL;
}

int main(void)
{
    for (long i = 0; i < 3; i++)
        threads[i] = start(join_next, (void *)i);
    step_done(1);
    join(start(watch, NULL));
    pthread_exit(NULL);
    return 0;
}
