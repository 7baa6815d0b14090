/* SPDX-License-Identifier: MIT */
/* LU factorisation without pivots, of a dense matrix in blocks that lie in one piece and belong to one thread each. */
#include "kernels.h"

enum { B = 16 };

static unsigned side; /* in blocks */
static double (*blocks)[B][B];

static double (*block(unsigned i, unsigned j))[B] { return blocks[(size_t)i * side + j]; }
static unsigned owner(unsigned i, unsigned j) { return (i + j) % threads; }

static void prepare(unsigned size)
{
    uint64_t state = 1;
    side = (size ? size : 768) / B;
    blocks = memory((size_t)side * side * sizeof *blocks);
    for (unsigned i = 0; i < side * B; i++)
        for (unsigned j = 0; j < side * B; j++)
            block(i / B, j / B)[i % B][j % B] = i == j ? 10.0 * B * side : chance(&state);
}

static void factor(double (*a)[B])
{
    for (unsigned k = 0; k < B; k++)
        for (unsigned i = k + 1; i < B; i++) {
            a[i][k] /= a[k][k];
            for (unsigned j = k + 1; j < B; j++)
                a[i][j] -= a[i][k] * a[k][j];
        }
}

/* Blocks below the diagonal one: a = a U^-1. */
static void solve_column(double (*a)[B], double (*diagonal)[B])
{
    for (unsigned k = 0; k < B; k++)
        for (unsigned i = 0; i < B; i++) {
            a[i][k] /= diagonal[k][k];
            for (unsigned j = k + 1; j < B; j++)
                a[i][j] -= a[i][k] * diagonal[k][j];
        }
}

/* Blocks to its right: a = L^-1 a. */
static void solve_row(double (*a)[B], double (*diagonal)[B])
{
    for (unsigned k = 0; k < B; k++)
        for (unsigned i = k + 1; i < B; i++)
            for (unsigned j = 0; j < B; j++)
                a[i][j] -= diagonal[i][k] * a[k][j];
}

static void update(double (*a)[B], double (*left)[B], double (*above)[B])
{
    for (unsigned k = 0; k < B; k++)
        for (unsigned i = 0; i < B; i++) {
            double factor_ = left[i][k];
            for (unsigned j = 0; j < B; j++)
                a[i][j] -= factor_ * above[k][j];
        }
}

static void run(unsigned self)
{
    for (unsigned k = 0; k < side; k++) {
        if (owner(k, k) == self)
            factor(block(k, k));
        meet();
        for (unsigned i = k + 1; i < side; i++) {
            if (owner(i, k) == self)
                solve_column(block(i, k), block(k, k));
            if (owner(k, i) == self)
                solve_row(block(k, i), block(k, k));
        }
        meet();
        for (unsigned i = k + 1; i < side; i++)
            for (unsigned j = k + 1; j < side; j++)
                if (owner(i, j) == self)
                    update(block(i, j), block(i, k), block(k, j));
        meet();
    }
    if (self == 0)
        checksum = block(side - 1, side - 1)[B - 1][B - 1];
}

const struct kernel lu = {"lu", prepare, run};
