/* SPDX-License-Identifier: MIT */
/* OpenMP: a sum without and with reduction. */
/* CFLAGS: -fopenmp */
/* EXPECT: race on sum */
/* TWIN */
#include "hidden.h"

static long sum;

int main(void)
{
    int numbers[400];
    for (int i = 0; i < 400; i++)
        numbers[i] = i;
#ifdef TWIN
#pragma omp parallel for num_threads(2) schedule(static) reduction(+ : sum)
#else
#pragma omp parallel for num_threads(2) schedule(static)
#endif
    for (int i = 0; i < 400; i++)
        sum += numbers[i];
    return sum < 0;
}
