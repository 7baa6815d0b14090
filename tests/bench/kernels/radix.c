/* SPDX-License-Identifier: MIT */
/* Radix sort: each thread counts the digits of its part, the counts are summed over threads, and each key is put where it
 * belongs, which may be anywhere. */
#include "kernels.h"

enum { DIGIT_BITS = 10, DIGITS = 1 << DIGIT_BITS, KEY_BITS = 20 };

static unsigned count;
static unsigned *keys[2], (*counts)[DIGITS];

static void prepare(unsigned size)
{
    uint64_t state = 1;
    count = size ? size : 4000000;
    keys[0] = memory(count * sizeof *keys[0]);
    keys[1] = memory(count * sizeof *keys[1]);
    counts = memory(threads * sizeof *counts);
    for (unsigned i = 0; i < count; i++)
        keys[0][i] = (unsigned)(chance(&state) * (1 << KEY_BITS));
}

static void starts(unsigned self, unsigned *position)
{
    unsigned total = 0;
    for (unsigned digit = 0; digit < DIGITS; digit++)
        for (unsigned t = 0; t < threads; t++) {
            if (t == self)
                position[digit] = total;
            total += counts[t][digit];
        }
}

static void sort_digit(unsigned self, unsigned shift, const unsigned *from, unsigned *to)
{
    unsigned position[DIGITS], first, last;
    share(self, count, &first, &last);
    memset(counts[self], 0, sizeof counts[self]);
    for (unsigned i = first; i < last; i++)
        counts[self][from[i] >> shift & (DIGITS - 1)]++;
    meet();
    starts(self, position);
    for (unsigned i = first; i < last; i++)
        to[position[from[i] >> shift & (DIGITS - 1)]++] = from[i];
    meet();
}

static void run(unsigned self)
{
    unsigned now = 0;
    for (unsigned shift = 0; shift < KEY_BITS; shift += DIGIT_BITS, now = !now)
        sort_digit(self, shift, keys[now], keys[!now]);
    if (self == 0)
        checksum = keys[now][count / 3];
}

const struct kernel radix = {"radix", prepare, run};
