/* SPDX-License-Identifier: MIT */
/* A thousand threads at once, each with a cell of its own; the last one takes a neighbour's. */
/* EXPECT: race works on cells */
/* TWIN */
/* TIMEOUT: 60 */
#include "hidden.h"

enum { THREADS = 1000 };
static int cells[THREADS];
static pthread_barrier_t all;

static void *works(void *argument)
{
    int number = (int)(intptr_t)argument;
    cells[!IS_TWIN && number == THREADS - 1 ? 500 : number]++;
    pthread_barrier_wait(&all);
    return NULL;
}

int main(void)
{
    static pthread_t threads[THREADS];
    pthread_attr_t small;
    pthread_barrier_init(&all, NULL, THREADS);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    for (intptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], &small, works, (void *)i))
            return 1;
    for (int i = 0; i < THREADS; i++)
        join(threads[i]);
    return 0;
}
