/* SPDX-License-Identifier: MIT */
/* Numeric kernels for the bench of race checks, written after the descriptions in "The SPLASH-2 Programs: Characterization
 * and Methodological Considerations" (Woo et al., ISCA 1995, section 3): the same algorithms, sizes, blocking and
 * synchronisation, so that work between two barriers, reuse of data and sharing are what they are there. */
#ifndef BENCH_KERNELS_H
#define BENCH_KERNELS_H

#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 64 };

extern unsigned threads; /* that run the kernel */
extern double checksum;  /* set by thread 0 at the end */

/* All threads wait for each other. */
void meet(void);
/* The part of `count` things that is thread `self`'s: [*from, *to). */
void share(unsigned self, unsigned count, unsigned *from, unsigned *to);
/* Pseudo-random numbers in [0, 1), the same in each run. */
double chance(uint64_t *state);
/* Zeroed memory; ends the program where there is none. */
void *memory(size_t size);

/* size 0: that of the tables in docs/performance.md. prepare() runs before there are threads, run() in each of them. */
struct kernel {
    const char *name;
    void (*prepare)(unsigned size);
    void (*run)(unsigned self);
};

extern const struct kernel fft, radix, lu, cholesky, water, barnes, ocean, list;

#endif
