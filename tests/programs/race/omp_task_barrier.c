/* SPDX-License-Identifier: MIT */
/* A task that another thread runs while it waits at a barrier. Who comes to the barrier last finds no task left, and is behind it
 * all the same; before the barrier it is not. */
/* CFLAGS: -fopenmp */
/* NO-CLANG */
/* EXPECT: race task/goes_on on value */
/* TWIN */
#include "hidden.h"
#include <omp.h>

static int value;

static NOINLINE void task(void)
{
    hidden_await(1); /* who made the task is out of the runtime: see "Atomic operations acquire late" in docs/limits.md */
    value++;
    hidden_done(2);
}

static NOINLINE void goes_on(void) { value++; }

int main(void)
{
#pragma omp parallel num_threads(2)
    {
        if (omp_get_thread_num() == 0) {
#pragma omp task
            task();
            hidden_done(1);
            hidden_await(2);
            if (!IS_TWIN)
                goes_on();
        }
#pragma omp barrier
        if (IS_TWIN && omp_get_thread_num() == 0)
            goes_on();
    }
    return value != 2;
}
