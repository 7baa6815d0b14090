/* SPDX-License-Identifier: MIT */
/* Numeric kernels in the style of SPLASH, two threads with barriers between their steps, for the bench of race checks:
 *
 *   kernels fft|lu|nbody|grid|radix|list [ROUNDS]        prints a checksum
 */
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 2 };

static pthread_barrier_t barrier;
static unsigned rounds;
static double checksum;

static void meet(void) { pthread_barrier_wait(&barrier); }

static double sum(const double *values, size_t count)
{
    double total = 0;
    for (size_t i = 0; i < count; i++)
        total += values[i];
    return total;
}

/* --- grid: red-black relaxation ---------------------------------------------------------------------------------------- */

enum { GRID = 258 };
static double grid[GRID][GRID];

static void relax(unsigned self, unsigned colour)
{
    const unsigned half = (GRID - 2) / THREADS, from = 1 + self * half;
    for (unsigned y = from; y < from + half; y++)
        for (unsigned x = 1 + (y + colour) % 2; x < GRID - 1; x += 2)
            grid[y][x] += 0.3 * (grid[y - 1][x] + grid[y + 1][x] + grid[y][x - 1] + grid[y][x + 1] - 4 * grid[y][x]);
}

static void run_grid(unsigned self)
{
    for (unsigned i = 0; self == 0 && i < GRID; i++)
        grid[i][0] = grid[0][i] = i;
    for (unsigned n = 0; n < rounds * 60; n++) {
        meet();
        relax(self, n % 2);
    }
    meet();
    checksum = sum(grid[0], (size_t)GRID * GRID);
}

/* --- lu: elimination without pivots ---------------------------------------------------------------------------------------- */

enum { LU = 256 };
static double matrix[LU][LU];

static void eliminate(unsigned self, unsigned k)
{
    for (unsigned i = k + 1; i < LU; i++) {
        if (i % THREADS != self)
            continue;
        matrix[i][k] /= matrix[k][k];
        for (unsigned j = k + 1; j < LU; j++)
            matrix[i][j] -= matrix[i][k] * matrix[k][j];
    }
}

static void run_lu(unsigned self)
{
    for (unsigned n = 0; n < rounds; n++) {
        for (unsigned i = self; i < LU; i += THREADS)
            for (unsigned j = 0; j < LU; j++)
                matrix[i][j] = i == j ? LU : 1.0 / (1 + i + j);
        for (unsigned k = 0; k < LU; k++) {
            meet();
            eliminate(self, k);
        }
        meet();
    }
    checksum = sum(matrix[0], (size_t)LU * LU);
}

/* --- nbody ------------------------------------------------------------------------------------------------------------------ */

enum { BODIES = 512 };
static struct body {
    double x, y, z, vx, vy, vz, mass;
} bodies[BODIES];

static void attract(struct body *b)
{
    double ax = 0, ay = 0, az = 0;
    for (unsigned i = 0; i < BODIES; i++) {
        const double dx = bodies[i].x - b->x, dy = bodies[i].y - b->y, dz = bodies[i].z - b->z;
        const double square = dx * dx + dy * dy + dz * dz + 0.01, pull = bodies[i].mass / (square * sqrt(square));
        ax += dx * pull, ay += dy * pull, az += dz * pull;
    }
    b->vx += 0.001 * ax, b->vy += 0.001 * ay, b->vz += 0.001 * az;
}

static void run_nbody(unsigned self)
{
    const unsigned half = BODIES / THREADS, from = self * half;
    for (unsigned i = from; i < from + half; i++)
        bodies[i] = (struct body){i % 7, i % 11, i % 13, 0, 0, 0, 1 + i % 3};
    for (unsigned n = 0; n < rounds * 8; n++) {
        meet();
        for (unsigned i = from; i < from + half; i++)
            attract(&bodies[i]);
        meet();
        for (unsigned i = from; i < from + half; i++)
            bodies[i].x += bodies[i].vx, bodies[i].y += bodies[i].vy, bodies[i].z += bodies[i].vz;
    }
    meet();
    checksum = bodies[3].x + bodies[BODIES - 1].y;
}

/* --- fft: in place, radix 2 ---------------------------------------------------------------------------------------------------- */

enum { FFT_BITS = 14, FFT = 1 << FFT_BITS };
static struct complex_number {
    double re, im;
} signal[FFT], roots[FFT / 2];

static void butterflies(unsigned self, unsigned span)
{
    for (unsigned k = self * (FFT / 2 / THREADS); k < (self + 1) * (FFT / 2 / THREADS); k++) {
        const unsigned low = k / span * 2 * span + k % span;
        const struct complex_number w = roots[k % span * (FFT / 2 / span)], a = signal[low], b = signal[low + span];
        const struct complex_number t = {w.re * b.re - w.im * b.im, w.re * b.im + w.im * b.re};
        signal[low] = (struct complex_number){a.re + t.re, a.im + t.im};
        signal[low + span] = (struct complex_number){a.re - t.re, a.im - t.im};
    }
}

static void run_fft(unsigned self)
{
    for (unsigned i = self; i < FFT; i += THREADS)
        signal[i] = (struct complex_number){i % 17, i % 5};
    for (unsigned i = self; i < FFT / 2; i += THREADS)
        roots[i] = (struct complex_number){cos(6.283185307 * i / FFT), -sin(6.283185307 * i / FFT)};
    for (unsigned n = 0; n < rounds; n++)
        for (unsigned span = 1; span < FFT; span *= 2) {
            meet();
            butterflies(self, span);
        }
    meet();
    checksum = signal[1].re / FFT;
}

/* --- radix: sort, by counts -------------------------------------------------------------------------------------------------- */

enum { KEYS = 1 << 15, DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS };
static uint32_t keys[2][KEYS], counts[THREADS][DIGITS];

static void sort_digit(unsigned self, unsigned shift, const uint32_t *from, uint32_t *to)
{
    const unsigned half = KEYS / THREADS, begin = self * half;
    uint32_t position[DIGITS], total = 0;
    memset(counts[self], 0, sizeof counts[self]);
    for (unsigned i = begin; i < begin + half; i++)
        counts[self][from[i] >> shift & (DIGITS - 1)]++;
    meet();
    for (unsigned digit = 0; digit < DIGITS; digit++)
        for (unsigned t = 0; t < THREADS; t++) {
            if (t == self)
                position[digit] = total;
            total += counts[t][digit];
        }
    for (unsigned i = begin; i < begin + half; i++)
        to[position[from[i] >> shift & (DIGITS - 1)]++] = from[i];
    meet();
}

static void run_radix(unsigned self)
{
    for (unsigned n = 0; n < rounds * 2; n++) {
        for (unsigned i = self; i < KEYS; i += THREADS)
            keys[0][i] = (i + n) * 2654435761u;
        meet();
        for (unsigned pass = 0; pass < 4; pass++)
            sort_digit(self, pass * DIGIT_BITS, keys[pass % 2], keys[1 - pass % 2]);
    }
    checksum = keys[0][KEYS / 3];
}

/* --- list: each thread chases pointers of its own ---------------------------------------------------------------------------- */

enum { NODES = 1 << 14 };
static struct node {
    struct node *next;
    long visits;
} nodes[THREADS][NODES];

static void run_list(unsigned self)
{
    struct node *own = nodes[self];
    for (unsigned i = 0; i < NODES; i++)
        own[i].next = &own[(i * 5 + 1) % NODES];
    for (unsigned n = 0; n < rounds * 24; n++) {
        struct node *at = own;
        for (unsigned i = 0; i < NODES; i++, at = at->next)
            at->visits++;
    }
    meet();
    checksum = (double)own[5].visits;
}

/* --- running ------------------------------------------------------------------------------------------------------------------ */

static const struct kernel {
    const char *name;
    void (*run)(unsigned self);
} kernels[] = {{"fft", run_fft}, {"lu", run_lu}, {"nbody", run_nbody}, {"grid", run_grid}, {"radix", run_radix}, {"list", run_list}};

static const struct kernel *chosen;

static void *run(void *self)
{
    chosen->run((unsigned)(uintptr_t)self);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; argc > 1 && i < sizeof kernels / sizeof *kernels; i++)
        if (strcmp(argv[1], kernels[i].name) == 0)
            chosen = &kernels[i];
    if (!chosen)
        return 2;
    rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 10;
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, (void *)i);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%s %.6g\n", chosen->name, checksum);
    return 0;
}
