/* SPDX-License-Identifier: MIT */
/* Cholesky factorisation by columns of blocks, from a queue of tasks under a lock: whoever has updated a column for the last
 * time puts it into the queue. Nobody waits at a barrier. */
#include "kernels.h"

enum { B = 16 };

static unsigned side, ready_count, done_count;
static double (*blocks)[B][B];
static struct column {
    pthread_mutex_t lock;
    unsigned missing; /* columns that have still to be subtracted */
} *columns;
static unsigned *ready;
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_more = PTHREAD_COND_INITIALIZER;

static double (*block(unsigned i, unsigned j))[B] { return blocks[(size_t)j * side + i]; }

static void prepare(unsigned size)
{
    uint64_t state = 1;
    side = (size ? size : 1152) / B;
    blocks = memory((size_t)side * side * sizeof *blocks);
    columns = memory(side * sizeof *columns);
    ready = memory(side * sizeof *ready);
    for (unsigned j = 0; j < side; j++) {
        pthread_mutex_init(&columns[j].lock, NULL);
        columns[j].missing = j;
    }
    for (unsigned i = 0; i < side * B; i++)
        for (unsigned j = 0; j <= i; j++)
            block(i / B, j / B)[i % B][j % B] = i == j ? 10.0 * B * side : chance(&state);
    ready[ready_count++] = 0;
}

static void factor(double (*a)[B])
{
    for (unsigned k = 0; k < B; k++) {
        a[k][k] = sqrt(a[k][k]);
        for (unsigned i = k + 1; i < B; i++)
            a[i][k] /= a[k][k];
        for (unsigned j = k + 1; j < B; j++)
            for (unsigned i = j; i < B; i++)
                a[i][j] -= a[i][k] * a[j][k];
    }
}

static void solve(double (*a)[B], double (*diagonal)[B])
{
    for (unsigned k = 0; k < B; k++)
        for (unsigned i = 0; i < B; i++) {
            double sum = a[i][k];
            for (unsigned j = 0; j < k; j++)
                sum -= a[i][j] * diagonal[k][j];
            a[i][k] = sum / diagonal[k][k];
        }
}

static void subtract(double (*a)[B], double (*left)[B], double (*right)[B])
{
    for (unsigned i = 0; i < B; i++)
        for (unsigned j = 0; j < B; j++) {
            double sum = 0;
            for (unsigned k = 0; k < B; k++)
                sum += left[i][k] * right[j][k];
            a[i][j] -= sum;
        }
}

static void put(unsigned column)
{
    pthread_mutex_lock(&queue_lock);
    ready[ready_count++] = column;
    pthread_cond_signal(&queue_more);
    pthread_mutex_unlock(&queue_lock);
}

/* False: all is done. */
static int take(unsigned *column)
{
    pthread_mutex_lock(&queue_lock);
    while (done_count == ready_count && done_count < side)
        pthread_cond_wait(&queue_more, &queue_lock);
    int got = done_count < side;
    if (got)
        *column = ready[done_count++];
    if (done_count == side)
        pthread_cond_broadcast(&queue_more);
    pthread_mutex_unlock(&queue_lock);
    return got;
}

static void run(unsigned self)
{
    unsigned k = 0;
    while (take(&k)) {
        factor(block(k, k));
        for (unsigned i = k + 1; i < side; i++)
            solve(block(i, k), block(k, k));
        for (unsigned j = k + 1; j < side; j++) {
            pthread_mutex_lock(&columns[j].lock);
            for (unsigned i = j; i < side; i++)
                subtract(block(i, j), block(i, k), block(j, k));
            unsigned missing = --columns[j].missing;
            pthread_mutex_unlock(&columns[j].lock);
            if (missing == 0)
                put(j);
        }
    }
    meet();
    if (self == 0)
        checksum = block(side - 1, side - 1)[B - 1][B - 1];
}

const struct kernel cholesky = {"cholesky", prepare, run};
