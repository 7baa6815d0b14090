/* SPDX-License-Identifier: MIT */
/* OpenMP: dynamic and guided schedules hand out each index once; a wrong stride makes two threads meet. */
/* CFLAGS: -fopenmp */
/* EXPECT: race writes on cells */
/* TWIN */
#include "hidden.h"

enum { N = 240 };
static int cells[N];

static NOINLINE void writes(int i) { cells[IS_TWIN ? i : i / 2]++; }

int main(void)
{
#pragma omp parallel num_threads(2)
    {
#pragma omp for schedule(static, 1)
        for (int i = 0; i < N; i++)
            writes(i);
#ifdef TWIN
#pragma omp for schedule(dynamic, 4)
        for (int i = 0; i < N; i++)
            writes(i);
#pragma omp for schedule(guided)
        for (int i = 0; i < N; i++)
            writes(i);
#endif
    }
    return 0;
}
