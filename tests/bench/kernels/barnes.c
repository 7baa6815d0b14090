/* SPDX-License-Identifier: MIT */
/* Bodies in an octree (Barnes and Hut 1986): the tree is built by all threads, with a lock for each cell that changes; its centres
 * of mass are summed up from below; then each thread walks the tree for each of its bodies. */
#include "kernels.h"

enum { STEPS = 2, LOCKS = 512, DEEPEST = 40 };

struct body {
    double mass, place[3], speed[3], pull[3];
};
struct cell {
    double mass, place[3];
    uintptr_t inside[8]; /* a cell, a body with bit 0 set, or 0 */
};

static unsigned count;
static struct body *bodies;
static struct cell *cells[MOST_THREADS], *root;
static unsigned used[MOST_THREADS];
static pthread_mutex_t locks[LOCKS];
static const double theta = 0.8;

static void prepare(unsigned size)
{
    uint64_t state = 1;
    count = size ? size : 16384;
    bodies = memory(count * sizeof *bodies);
    for (unsigned i = 0; i < threads; i++)
        cells[i] = memory(2 * count * sizeof *cells[i]);
    for (unsigned i = 0; i < LOCKS; i++)
        pthread_mutex_init(&locks[i], NULL);
    for (unsigned i = 0; i < count; i++) {
        bodies[i].mass = 1.0 / count;
        for (unsigned k = 0; k < 3; k++)
            bodies[i].place[k] = chance(&state);
    }
}

static pthread_mutex_t *lock_of(const struct cell *cell) { return &locks[(uintptr_t)cell / sizeof *cell % LOCKS]; }

static struct cell *new_cell(unsigned self)
{
    struct cell *cell = &cells[self][used[self]++];
    memset(cell, 0, sizeof *cell);
    return cell;
}

/* In which eighth of the cell around `middle` the body lies; the middle moves there. */
static unsigned eighth(const struct body *body, double *middle, double half)
{
    unsigned which = 0;
    for (unsigned k = 0; k < 3; k++) {
        which |= (unsigned)(body->place[k] >= middle[k]) << k;
        middle[k] += body->place[k] >= middle[k] ? half / 2 : -half / 2;
    }
    return which;
}

/* Cells down to where the two bodies part; the lock of the cell above is held. */
static uintptr_t part(unsigned self, struct body *a, struct body *b, const double *at, double half)
{
    double middle_a[3] = {at[0], at[1], at[2]}, middle_b[3] = {at[0], at[1], at[2]};
    struct cell *top = new_cell(self), *cell = top;
    for (unsigned depth = 0; depth < DEEPEST; depth++, half /= 2) {
        unsigned in_a = eighth(a, middle_a, half), in_b = eighth(b, middle_b, half);
        if (in_a != in_b) {
            cell->inside[in_a] = (uintptr_t)a | 1;
            cell->inside[in_b] = (uintptr_t)b | 1;
            break;
        }
        struct cell *below = new_cell(self);
        cell->inside[in_a] = (uintptr_t)below;
        cell = below;
    }
    return (uintptr_t)top;
}

static void insert(unsigned self, struct body *body)
{
    double middle[3] = {0.5, 0.5, 0.5}, half = 0.5;
    struct cell *cell = root;
    for (;;) {
        unsigned which = eighth(body, middle, half);
        half /= 2;
        pthread_mutex_lock(lock_of(cell));
        uintptr_t there = cell->inside[which];
        if (there == 0)
            cell->inside[which] = (uintptr_t)body | 1;
        else if (there & 1)
            cell->inside[which] = part(self, body, (struct body *)(there - 1), middle, half);
        pthread_mutex_unlock(lock_of(cell));
        if (there == 0 || there & 1)
            return;
        cell = (struct cell *)there;
    }
}

static void sum_up(struct cell *cell)
{
    for (unsigned i = 0; i < 8; i++) {
        uintptr_t there = cell->inside[i];
        if (!there)
            continue;
        if (!(there & 1))
            sum_up((struct cell *)there);
        const struct body *body = (struct body *)(there - (there & 1));
        double mass = there & 1 ? body->mass : ((struct cell *)there)->mass;
        const double *place = there & 1 ? body->place : ((struct cell *)there)->place;
        cell->mass += mass;
        for (unsigned k = 0; k < 3; k++)
            cell->place[k] += mass * place[k];
    }
    for (unsigned k = 0; k < 3; k++)
        cell->place[k] /= cell->mass;
}

static double towards(struct body *body, const double *place, double mass, double *pull)
{
    double distance[3], square = 1e-4;
    for (unsigned k = 0; k < 3; k++) {
        distance[k] = place[k] - body->place[k];
        square += distance[k] * distance[k];
    }
    double strength = mass / (square * sqrt(square));
    for (unsigned k = 0; k < 3; k++)
        pull[k] += strength * distance[k];
    return square;
}

static void walk(struct body *body, const struct cell *cell, double half)
{
    for (unsigned i = 0; i < 8; i++) {
        uintptr_t there = cell->inside[i];
        if (!there || there == ((uintptr_t)body | 1))
            continue;
        if (there & 1) {
            const struct body *near = (struct body *)(there - 1);
            towards(body, near->place, near->mass, body->pull);
            continue;
        }
        const struct cell *below = (struct cell *)there;
        double kept[3] = {body->pull[0], body->pull[1], body->pull[2]};
        if (half * half < theta * theta * towards(body, below->place, below->mass, body->pull))
            continue;
        memcpy(body->pull, kept, sizeof kept);
        walk(body, below, half / 2);
    }
}

static void move(struct body *body)
{
    for (unsigned k = 0; k < 3; k++) {
        body->speed[k] += 1e-6 * body->pull[k];
        body->place[k] += body->speed[k];
        body->place[k] = body->place[k] < 0 ? 0 : body->place[k] >= 1 ? 0.999999 : body->place[k];
        body->pull[k] = 0;
    }
}

static void run(unsigned self)
{
    unsigned first, last;
    share(self, count, &first, &last);
    for (unsigned step = 0; step < STEPS; step++) {
        used[self] = 0;
        if (self == 0)
            root = new_cell(0);
        meet();
        for (unsigned i = first; i < last; i++)
            insert(self, &bodies[i]);
        meet();
        if (self == 0)
            sum_up(root);
        meet();
        for (unsigned i = first; i < last; i++)
            walk(&bodies[i], root, 0.5);
        meet();
        for (unsigned i = first; i < last; i++)
            move(&bodies[i]);
        meet();
    }
    if (self == 0)
        checksum = bodies[1].place[0] + bodies[count / 2].place[1];
}

const struct kernel barnes = {"barnes", prepare, run};
