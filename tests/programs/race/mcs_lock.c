/* SPDX-License-Identifier: MIT */
/* A queue lock of Mellor-Crummey and Scott: each waiter spins on a node on its own stack. */
/* EXPECT: race adds on total */
/* TWIN */
#include "hidden.h"
#include <stdatomic.h>

struct node {
    _Atomic(struct node *) next;
    atomic_int waits;
};
static _Atomic(struct node *) last;
static long total;

static void take(struct node *me)
{
    atomic_store_explicit(&me->next, NULL, memory_order_relaxed);
    atomic_store_explicit(&me->waits, 1, memory_order_relaxed);
    struct node *before = atomic_exchange(&last, me);
    if (before) {
        atomic_store_explicit(&before->next, me, memory_order_release);
        SPIN_UNTIL(!atomic_load_explicit(&me->waits, memory_order_acquire));
    }
}

static void give(struct node *me)
{
    struct node *expected = me;
    if (!atomic_load_explicit(&me->next, memory_order_acquire)) {
        if (atomic_compare_exchange_strong(&last, &expected, NULL))
            return;
        SPIN_UNTIL(atomic_load_explicit(&me->next, memory_order_acquire));
    }
    atomic_store_explicit(&atomic_load(&me->next)->waits, 0, memory_order_release);
}

static NOINLINE void adds(void)
{
    struct node me;
    if (IS_TWIN)
        take(&me);
    total++;
    COMPILER_BARRIER();
    if (IS_TWIN)
        give(&me);
}

static void *works(void *none)
{
    struct node me;
    for (int i = 0; i < 2000; i++) { /* until they meet */
        take(&me);
        give(&me);
        if (IS_TWIN)
            adds();
    }
    hidden_meet(2);
    if (!IS_TWIN)
        adds();
    return NULL;
}

int main(void) { return both(works, works); }
