/* SPDX-License-Identifier: MIT */
/* One function makes the mistake with many objects, in cycles of two and of three: it is one mistake. */
/* EXPECT: lock-order move on locks */
#include "unseen.h"

static pthread_mutex_t locks[3] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                   PTHREAD_MUTEX_INITIALIZER};
static const int moves[4][2] = {{0, 1}, {1, 0}, {1, 2}, {2, 0}};

static __attribute__((noinline)) void move(int from, int to)
{
    int first = from, second = to;
    pthread_mutex_lock(&locks[first]);
    pthread_mutex_lock(&locks[second]);
    pthread_mutex_unlock(&locks[second]);
    pthread_mutex_unlock(&locks[first]);
}

static void *mover(void *argument)
{
    int number = (int)(long)argument;
    await_step(number);
    move(moves[number][0], moves[number][1]);
    step_done(number + 1);
    return NULL;
}

int main(void)
{
    pthread_t threads[4];
    for (long i = 0; i < 4; i++)
        threads[i] = start(mover, (void *)i);
    for (int i = 0; i < 4; i++)
        join(threads[i]);
    return 0;
}
