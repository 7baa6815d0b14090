/* SPDX-License-Identifier: MIT */
/* OpenMP: two loops, with and without the barrier between them; nowait takes it away. */
/* CFLAGS: -fopenmp */
/* EXPECT: race second on cells */
/* TWIN */
#include "hidden.h"

enum { N = 120 };
static int cells[N], sums[N];

static NOINLINE void first(int i) { cells[i] = i; }
static NOINLINE void second(int i)
{
    sums[i] = cells[N - 1 - i];
    USE(sums[i]);
}

int main(void)
{
#pragma omp parallel num_threads(3)
    {
#ifdef TWIN
#pragma omp for schedule(static)
#else
#pragma omp for schedule(static) nowait
#endif
        for (int i = 0; i < N; i++)
            first(i);
#pragma omp for schedule(static)
        for (int i = 0; i < N; i++)
            second(i);
    }
    return IS_TWIN && sums[0] != N - 1;
}
