/* SPDX-License-Identifier: MIT */
/* OpenMP: tasks in the order of their dependences; the wrong one names none. */
/* CFLAGS: -fopenmp */
/* EXPECT: race makes/takes on value */
/* TWIN */
#include "hidden.h"

static int value;

static NOINLINE void makes(void)
{
    if (!IS_TWIN) /* one thread does not do both */
        hidden_await(1);
    value = 1;
    hidden_done(2);
}
static NOINLINE void takes(void)
{
    if (!IS_TWIN)
        hidden_done(1);
    hidden_await(2);
    USE(*(volatile int *)&value);
}

int main(void)
{
#pragma omp parallel num_threads(2)
    {
#ifdef TWIN
#pragma omp single
        {
#pragma omp task depend(out : value)
            makes();
#pragma omp task depend(in : value)
            takes();
        }
#else
#pragma omp sections nowait
        {
#pragma omp section
            makes();
#pragma omp section
            takes();
        }
#endif
    }
    return 0;
}
