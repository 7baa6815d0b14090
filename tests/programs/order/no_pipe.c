/* SPDX-License-Identifier: MIT */
/* The opposite order is taken after a byte from the first thread came through a pipe. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static int ends[2];

static void *take_ab(void *argument)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    step_done(1);
    if (write(ends[1], "x", 1) != 1)
        abort();
    return NULL;
}

static void await_byte(void)
{
    char byte;
    if (read(ends[0], &byte, 1) != 1)
        abort();
}

static void *take_ba(void *argument)
{
    await_byte();
    await_step(1);
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    return NULL;
}

int main(void)
{
    if (pipe(ends))
        return 1;
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    return 0;
}
