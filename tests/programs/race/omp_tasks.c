/* SPDX-License-Identifier: MIT */
/* OpenMP: tasks whose results are read before and after taskwait. */
/* CFLAGS: -fopenmp */
/* EXPECT: race fills/uses on results */
/* TWIN */
#include "hidden.h"

static int results[8];

static NOINLINE void fills(int i)
{
    results[i] = i + 1;
    hidden_count();
}

static NOINLINE int uses(void)
{
    int sum = 0;
    for (int i = 0; i < 8; i++)
        sum += *(volatile int *)&results[i];
    return sum;
}

int main(void)
{
    int sum = 0;
#pragma omp parallel num_threads(3)
#pragma omp single
    {
        for (int i = 0; i < 8; i++)
#pragma omp task firstprivate(i)
            fills(i);
#ifdef TWIN
#pragma omp taskwait
#else
        SPIN_UNTIL(lseek(hidden_present, 0, SEEK_CUR) >= 8);
#endif
        sum = uses();
    }
    return sum != 36;
}
