/* SPDX-License-Identifier: MIT */
/* OpenMP as programs use it: loops of every schedule, reductions, tasks, critical, ordered, single and atomic
 * sections, nested regions, thread-private data. Built and run by tests/real/run; prints the same in every run. */
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE 20000

static int private_count;
#pragma omp threadprivate(private_count)

static void loops(void)
{
    static uint64_t values[SIZE];
    uint64_t sum = 0, most = 0;
#pragma omp parallel for schedule(static)
    for (int i = 0; i < SIZE; i++)
        values[i] = (uint64_t)i * 2654435761u % 100003;
#pragma omp parallel for schedule(dynamic, 37) reduction(+ : sum) reduction(max : most)
    for (int i = 0; i < SIZE; i++) {
        sum += values[i] ^ (uint64_t)i;
        if (values[i] > most)
            most = values[i];
    }
#pragma omp parallel for schedule(guided) reduction(^ : sum)
    for (int i = 1; i < SIZE; i++)
        sum ^= values[i] * values[i - 1];
    printf("loops %llu %llu\n", (unsigned long long)sum, (unsigned long long)most);
}

static uint64_t fibonacci(int n)
{
    if (n < 2)
        return (uint64_t)n;
    uint64_t a, b;
#pragma omp task shared(a) if (n > 10)
    a = fibonacci(n - 1);
    b = fibonacci(n - 2);
#pragma omp taskwait
    return a + b;
}

static void tasks(void)
{
    uint64_t result = 0;
#pragma omp parallel
#pragma omp single
    result = fibonacci(20);
    printf("tasks %llu\n", (unsigned long long)result);
}

static void sections_of_all_kinds(void)
{
    int critical = 0, atomic = 0, singles = 0;
    uint64_t in_order = 0;
    omp_lock_t lock;
    omp_init_lock(&lock);
    int locked = 0;
#pragma omp parallel
    {
#pragma omp for ordered schedule(dynamic)
        for (int i = 0; i < 200; i++) {
            private_count++;
#pragma omp ordered
            in_order = in_order * 31 + (uint64_t)i;
#pragma omp critical
            critical++;
#pragma omp atomic
            atomic += i;
            omp_set_lock(&lock);
            locked++;
            omp_unset_lock(&lock);
        }
#pragma omp barrier
#pragma omp single
        singles++;
    }
    int private_sum = 0;
#pragma omp parallel reduction(+ : private_sum)
    private_sum += private_count;
    omp_destroy_lock(&lock);
    printf("sections %d %d %d %d %llu %d\n", critical, atomic, singles, locked, (unsigned long long)in_order,
           private_sum);
}

static void matrix(void)
{
    enum { N = 96 };
    double(*a)[N] = calloc(3 * N, sizeof *a), (*b)[N] = a + N, (*c)[N] = b + N;
#pragma omp parallel for collapse(2)
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i][j] = i + 2 * j, b[i][j] = i - j;
#pragma omp parallel for simd collapse(2)
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            for (int k = 0; k < N; k++)
                c[i][j] += a[i][k] * b[k][j];
    double trace = 0;
    for (int i = 0; i < N; i++)
        trace += c[i][i];
    printf("matrix %.3f\n", trace);
    free(a);
}

int main(void)
{
    for (int round = 0; round < 5; round++) {
        loops();
        tasks();
        sections_of_all_kinds();
        matrix();
        private_count = 0;
#pragma omp parallel
        private_count = 0;
    }
    return 0;
}
