/* SPDX-License-Identifier: MIT */
/* OpenMP: critical on all sides, and left out on one; atomic; a lock of its own. */
/* CFLAGS: -fopenmp */
/* EXPECT: race maximum on largest */
/* TWIN */
#include "hidden.h"
#include <omp.h>

static int largest, counted, locked;

static NOINLINE void maximum(int value)
{
    if (IS_TWIN) {
#pragma omp critical
        largest = value > largest ? value : largest;
    } else {
        largest = value > largest ? value : largest;
    }
}

int main(void)
{
    omp_lock_t lock;
    omp_init_lock(&lock);
#pragma omp parallel num_threads(3)
    {
        for (int i = 0; i < 20; i++) {
            maximum(i * 7 % 20);
#pragma omp atomic
            counted++;
            omp_set_lock(&lock);
            locked++;
            omp_unset_lock(&lock);
        }
    }
    omp_destroy_lock(&lock);
    return counted != 60 || locked != 60;
}
