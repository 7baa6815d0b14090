/* SPDX-License-Identifier: MIT */
/* Hand-over-hand locking of a list, by one thread from the front and by another from the back. */
/* EXPECT: lock-order walk on nodes */
#include "unseen.h"

#define N 4
static pthread_mutex_t nodes[N] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                   PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};

static void walk(int from, int step, int count)
{
    pthread_mutex_lock(&nodes[from]);
    for (int i = 1; i < count; i++) {
        pthread_mutex_lock(&nodes[from + i * step]);
        pthread_mutex_unlock(&nodes[from + (i - 1) * step]);
    }
    pthread_mutex_unlock(&nodes[from + (count - 1) * step]);
}

static void *forward(void *argument)
{
    walk(0, 1, N);
    step_done(1);
    return NULL;
}

static void *other(void *argument)
{
    await_step(1);
    walk(2, -1, 2);
    return NULL;
}

int main(void)
{
    pthread_t one = start(forward, NULL), two = start(other, NULL);
    join(one);
    join(two);
    return 0;
}
