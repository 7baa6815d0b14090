/* SPDX-License-Identifier: MIT */
/* Atomics of each memory order are no race, whatever they order. A plain increment among them is one. */
/* EXPECT: race counts on plain */
/* TWIN */
#include "hidden.h"
#include <stdatomic.h>

static atomic_int relaxed, acq_rel, seq_cst, word;
static atomic_char byte;
static atomic_llong wide;
static int plain;

static void *counts(void *none)
{
    for (int i = 0; i < 20; i++) {
        atomic_fetch_add_explicit(&relaxed, 1, memory_order_relaxed);
        atomic_fetch_or_explicit(&acq_rel, i, memory_order_acq_rel);
        atomic_exchange(&seq_cst, i);
        atomic_store_explicit(&word, i, memory_order_relaxed);
        USE(atomic_load_explicit(&word, memory_order_relaxed));
        atomic_store_explicit(&byte, (char)i, memory_order_release);
        USE((int)atomic_load_explicit(&byte, memory_order_acquire));
        long long expected = i;
        atomic_compare_exchange_weak(&wide, &expected, i + 1);
    }
    if (!IS_TWIN)
        plain++;
    hidden_meet(2);
    return NULL;
}

int main(void) { return both(counts, counts) || plain > 2; }
