/* SPDX-License-Identifier: MIT */
/* OpenMP: a variable that each thread should have its own of. */
/* CFLAGS: -fopenmp */
/* EXPECT: race squares on temporary */
/* TWIN */
#include "hidden.h"

static int temporary, cells[300];

static NOINLINE void squares(int i, int *room)
{
    *room = i * 2;
    cells[i] = *room + 1;
}

int main(void)
{
#pragma omp parallel for num_threads(3) schedule(static)
    for (int i = 0; i < 300; i++) {
        int own;
        squares(i, IS_TWIN ? &own : &temporary);
    }
    return temporary == -1;
}
