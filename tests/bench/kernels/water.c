/* SPDX-License-Identifier: MIT */
/* Molecules that all attract each other: half of all pairs each step, forces summed in private and then added to each molecule
 * under its own lock; the energy under one of its own. */
#include "kernels.h"

enum { ATOMS = 3, STEPS = 12 };

static unsigned count;
static double energy;
static pthread_mutex_t energy_lock = PTHREAD_MUTEX_INITIALIZER;
static struct molecule {
    pthread_mutex_t lock;
    double place[ATOMS][3], speed[ATOMS][3], force[ATOMS][3];
} *molecules;

static void prepare(unsigned size)
{
    uint64_t state = 1;
    count = size ? size : 512;
    molecules = memory(count * sizeof *molecules);
    for (unsigned i = 0; i < count; i++) {
        pthread_mutex_init(&molecules[i].lock, NULL);
        for (unsigned k = 0; k < 3 * ATOMS; k++)
            molecules[i].place[k / 3][k % 3] = 10 * chance(&state);
    }
}

static double pull(const double *a, const double *b, double *on_a, double *on_b)
{
    double distance[3], square = 0.01;
    for (unsigned k = 0; k < 3; k++) {
        distance[k] = b[k] - a[k];
        square += distance[k] * distance[k];
    }
    double strength = 1 / (square * sqrt(square));
    for (unsigned k = 0; k < 3; k++) {
        on_a[k] += strength * distance[k];
        on_b[k] -= strength * distance[k];
    }
    return strength * square;
}

/* The pairs (i, i + 1) to (i, i + count/2) of this thread's molecules. */
static void attract(unsigned first, unsigned last, double (*forces)[ATOMS][3])
{
    double sum = 0;
    memset(forces, 0, count * sizeof *forces);
    for (unsigned i = first; i < last; i++)
        for (unsigned d = 1; d <= count / 2; d++) {
            unsigned j = (i + d) % count;
            for (unsigned a = 0; a < ATOMS; a++)
                for (unsigned b = 0; b < ATOMS; b++)
                    sum += pull(molecules[i].place[a], molecules[j].place[b], forces[i][a], forces[j][b]);
        }
    pthread_mutex_lock(&energy_lock);
    energy += sum;
    pthread_mutex_unlock(&energy_lock);
}

static void add(double (*forces)[ATOMS][3])
{
    for (unsigned i = 0; i < count; i++) {
        pthread_mutex_lock(&molecules[i].lock);
        for (unsigned k = 0; k < 3 * ATOMS; k++)
            molecules[i].force[k / 3][k % 3] += forces[i][k / 3][k % 3];
        pthread_mutex_unlock(&molecules[i].lock);
    }
}

static void move(struct molecule *m)
{
    for (unsigned k = 0; k < 3 * ATOMS; k++) {
        m->speed[k / 3][k % 3] += 1e-6 * m->force[k / 3][k % 3];
        m->place[k / 3][k % 3] += m->speed[k / 3][k % 3];
        m->force[k / 3][k % 3] = 0;
    }
}

static void run(unsigned self)
{
    unsigned first, last;
    double (*forces)[ATOMS][3] = memory(count * sizeof *forces);
    share(self, count, &first, &last);
    for (unsigned step = 0; step < STEPS; step++) {
        attract(first, last, forces);
        add(forces);
        meet();
        for (unsigned i = first; i < last; i++)
            move(&molecules[i]);
        meet();
    }
    free(forces);
    if (self == 0)
        checksum = energy;
}

const struct kernel water = {"water", prepare, run};
