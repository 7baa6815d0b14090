/* SPDX-License-Identifier: MIT */
/* FFT in six steps (Bailey 1990): the n points are a matrix of sqrt(n) rows, of which each thread has a band. Transpose,
 * transform each row, multiply by roots of unity, transpose, transform, transpose; a barrier around each transposition. */
#include "kernels.h"

struct point {
    double re, im;
};

static unsigned bits, side; /* of a row: its length is 2^bits */
static struct point *data, *other, *roots, *twiddles;

static struct point times(struct point a, struct point b)
{
    return (struct point){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static void prepare(unsigned size)
{
    uint64_t state = 1;
    bits = (size ? size : 20) / 2;
    side = 1u << bits;
    size_t count = (size_t)side * side;
    data = memory(count * sizeof *data);
    other = memory(count * sizeof *other);
    twiddles = memory(count * sizeof *twiddles);
    roots = memory(side * sizeof *roots);
    for (unsigned i = 0; i < side; i++)
        roots[i] = (struct point){cos(2 * M_PI * i / side), -sin(2 * M_PI * i / side)};
    for (size_t i = 0; i < count; i++) {
        double angle = 2 * M_PI * (double)(i / side) * (double)(i % side) / (double)count;
        twiddles[i] = (struct point){cos(angle), -sin(angle)};
        data[i] = (struct point){chance(&state), chance(&state)};
    }
}

enum { BLOCK = 8 };

/* A band of rows of `to` from the columns of `from`, in blocks. */
static void transpose(const struct point *from, struct point *to, unsigned first, unsigned last)
{
    for (unsigned y = first; y < last; y += BLOCK)
        for (unsigned x = 0; x < side; x += BLOCK)
            for (unsigned i = y; i < y + BLOCK; i++)
                for (unsigned j = x; j < x + BLOCK; j++)
                    to[(size_t)i * side + j] = from[(size_t)j * side + i];
}

static void reverse(struct point *row)
{
    for (unsigned i = 0, j = 0; i < side; i++) {
        if (i < j) {
            struct point kept = row[i];
            row[i] = row[j];
            row[j] = kept;
        }
        unsigned bit = side >> 1;
        for (; bit && j & bit; bit >>= 1)
            j ^= bit;
        j |= bit;
    }
}

static void transform(struct point *row)
{
    reverse(row);
    for (unsigned span = 1; span < side; span *= 2)
        for (unsigned start = 0; start < side; start += 2 * span)
            for (unsigned k = 0; k < span; k++) {
                struct point a = row[start + k], b = times(row[start + k + span], roots[k * (side / 2 / span)]);
                row[start + k] = (struct point){a.re + b.re, a.im + b.im};
                row[start + k + span] = (struct point){a.re - b.re, a.im - b.im};
            }
}

static void run(unsigned self)
{
    unsigned first, last;
    share(self, side / BLOCK, &first, &last);
    first *= BLOCK, last *= BLOCK;
    meet();
    transpose(data, other, first, last);
    for (unsigned row = first; row < last; row++) {
        transform(&other[(size_t)row * side]);
        for (unsigned i = 0; i < side; i++)
            other[(size_t)row * side + i] = times(other[(size_t)row * side + i], twiddles[(size_t)row * side + i]);
    }
    meet();
    transpose(other, data, first, last);
    for (unsigned row = first; row < last; row++)
        transform(&data[(size_t)row * side]);
    meet();
    transpose(data, other, first, last);
    meet();
    if (self == 0)
        checksum = other[1].re + other[side + 3].im;
}

const struct kernel fft = {"fft", prepare, run};
