/* SPDX-License-Identifier: MIT */
/* OpenMP: what stands in the ordered part goes one after the other. */
/* CFLAGS: -fopenmp */
/* EXPECT: race appends on length */
/* TWIN */
#include "hidden.h"

static int length, list[64];

static NOINLINE void appends(int i) { length++, list[i] = i; }

int main(void)
{
#pragma omp parallel for num_threads(3) ordered schedule(static, 1)
    for (int i = 0; i < 60; i++) {
        if (IS_TWIN) {
#pragma omp ordered
            appends(i);
        } else {
            appends(i);
        }
    }
    return 0;
}
