/* SPDX-License-Identifier: MIT */
/* Members of a packed structure and elements of an array of bytes belong to different threads; one index is wrong. */
/* EXPECT: race odd_half on cells */
/* TWIN */
#include "hidden.h"

/* volatile: vectors would load the neighbours as well. */
static volatile char cells[256];

static void *even_half(void *none)
{
    for (int i = 0; i < 256; i += 2)
        cells[i]++;
    hidden_done(1);
    return NULL;
}

static void *odd_half(void *none)
{
    hidden_await(1);
    for (int i = 1; i < 256; i += 2)
        cells[!IS_TWIN && i == 101 ? 100 : i]++;
    return NULL;
}

int main(void) { return both(even_half, odd_half); }
