/* SPDX-License-Identifier: MIT */
/* OpenMP: outlined functions that libgomp calls, reductions, tasks. */
#include <stdio.h>

static long fibonacci(int n)
{
    if (n < 2)
        return n;
    long a, b;
#pragma omp task shared(a) if (n > 10)
    a = fibonacci(n - 1);
    b = fibonacci(n - 2);
#pragma omp taskwait
    return a + b;
}

int main(void)
{
    long sum = 0, result = 0;
    static double grid[200][200];
#pragma omp parallel for reduction(+ : sum) schedule(dynamic, 7)
    for (int i = 0; i < 10000; i++)
        sum += i * (long)i % 97;
#pragma omp parallel for collapse(2)
    for (int i = 0; i < 200; i++)
        for (int k = 0; k < 200; k++)
            grid[i][k] = i * 3 - k;
#pragma omp parallel num_threads(3)
#pragma omp single
    result = fibonacci(18);
    printf("%ld %g %ld\n", sum, grid[150][33], result);
    return 0;
}
