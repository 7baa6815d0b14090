/* SPDX-License-Identifier: MIT */
/* Currents on a grid: each step computes several fields from each other by stencils and then relaxes an equation on coarser
 * and coarser grids, red and black points in turn, with a barrier after each sweep. */
#include "kernels.h"

enum { STEPS = 12, SWEEPS = 4, FIELDS = 4, COARSEST = 16, LEVELS = 12 };

static unsigned side, levels;
static double *fields[FIELDS], *answer[LEVELS], *wanted[LEVELS];
static double worst[MOST_THREADS];

static unsigned size_of(unsigned level) { return ((side - 2) >> level) + 2; }

static void prepare(unsigned size)
{
    uint64_t state = 1;
    side = size ? size : 514;
    for (unsigned f = 0; f < FIELDS; f++) {
        fields[f] = memory((size_t)side * side * sizeof(double));
        for (size_t i = 0; i < (size_t)side * side; i++)
            fields[f][i] = chance(&state);
    }
    for (levels = 0; levels < LEVELS && size_of(levels) >= COARSEST + 2; levels++) {
        size_t points = (size_t)size_of(levels) * size_of(levels);
        answer[levels] = memory(points * sizeof(double));
        wanted[levels] = memory(points * sizeof(double));
    }
}

static void rows(unsigned self, unsigned points, unsigned *first, unsigned *last)
{
    share(self, points - 2, first, last);
    ++*first, ++*last;
}

/* to = the Laplacian of a, plus a product with b */
static void stencil(double *to, const double *a, const double *b, unsigned first, unsigned last)
{
    for (unsigned y = first; y < last; y++)
        for (unsigned x = 1; x < side - 1; x++) {
            size_t at = (size_t)y * side + x;
            double around = a[at - 1] + a[at + 1] + a[at - side] + a[at + side];
            to[at] = 0.1 * (around - 4 * a[at]) + 0.01 * a[at] * b[at];
        }
}

static double relax(unsigned level, unsigned colour, unsigned first, unsigned last)
{
    unsigned points = size_of(level);
    double *u = answer[level], change = 0;
    const double *f = wanted[level];
    for (unsigned y = first; y < last; y++)
        for (unsigned x = 1 + (y + colour) % 2; x < points - 1; x += 2) {
            size_t at = (size_t)y * points + x;
            double next = 0.25 * (u[at - 1] + u[at + 1] + u[at - points] + u[at + points] - f[at]);
            change += fabs(next - u[at]);
            u[at] = next;
        }
    return change;
}

static void coarser(unsigned level, unsigned first, unsigned last)
{
    unsigned points = size_of(level), fine = size_of(level - 1);
    for (unsigned y = first; y < last; y++)
        for (unsigned x = 1; x < points - 1; x++) {
            size_t at = (size_t)(2 * y - 1) * fine + 2 * x - 1;
            wanted[level][(size_t)y * points + x] = wanted[level - 1][at] + wanted[level - 1][at + 1];
        }
}

static void solve(unsigned self)
{
    unsigned first, last;
    for (unsigned level = 0; level < levels; level++) {
        rows(self, size_of(level), &first, &last);
        if (level > 0)
            coarser(level, first, last);
        meet();
        for (unsigned sweep = 0; sweep < SWEEPS; sweep++)
            for (unsigned colour = 0; colour < 2; colour++) {
                worst[self] = relax(level, colour, first, last);
                meet();
            }
    }
}

static void run(unsigned self)
{
    unsigned first, last;
    rows(self, side, &first, &last);
    meet();
    for (unsigned step = 0; step < STEPS; step++) {
        for (unsigned f = 1; f < FIELDS; f++) {
            stencil(fields[f], fields[f - 1], fields[(f + 1) % FIELDS], first, last);
            meet();
        }
        stencil(wanted[0], fields[FIELDS - 1], fields[0], first, last);
        meet();
        solve(self);
        memcpy(&fields[0][(size_t)first * side], &answer[0][(size_t)first * side], (size_t)(last - first) * side * sizeof(double));
        meet();
    }
    if (self == 0)
        checksum = fields[0][(size_t)side * side / 2 + side / 3];
}

const struct kernel ocean = {"ocean", prepare, run};
