/* SPDX-License-Identifier: MIT */
/* OpenMP: single and master: only the first waits for all. */
/* CFLAGS: -fopenmp */
/* EXPECT: race sets/reads on limit */
/* TWIN */
#include "hidden.h"
#include <omp.h>

static int limit;

static NOINLINE void sets(void) { limit = 5; }
static NOINLINE void reads(void) { USE(*(volatile int *)&limit); }

int main(void)
{
#pragma omp parallel num_threads(3)
    {
#ifdef TWIN
#pragma omp single
        sets();
#else
#pragma omp master
        sets();
#endif
        reads();
    }
    return 0;
}
