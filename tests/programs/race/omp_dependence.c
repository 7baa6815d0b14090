/* SPDX-License-Identifier: MIT */
/* OpenMP: a loop whose iterations need the one before, and one whose iterations do not. */
/* CFLAGS: -fopenmp */
/* EXPECT: race step on cells */
/* TWIN */
#include "hidden.h"

enum { N = 200 };
static int cells[N + 1], others[N + 1];

static NOINLINE void step(int i) { *(IS_TWIN ? &others[i] : &cells[i]) = cells[i + 1] + 1; }

int main(void)
{
#pragma omp parallel for num_threads(2) schedule(static)
    for (int i = 0; i < N; i++)
        step(i);
    return 0;
}
