/* SPDX-License-Identifier: MIT */
/* Ranked spin locks that fall asleep; see spin.h. The word is the classic three-state futex lock
 * (U. Drepper, "Futexes Are Tricky", section 6, mutex2). */
#include "base/spin.h"

#include "base/atomic.h"
#include "base/sys.h"

#define SPINS_BEFORE_SLEEP 100

#ifndef NDEBUG
/* Bit r is set while this thread holds a lock of rank r. */
static __thread uint32_t held_ranks __attribute__((tls_model("initial-exec")));

static void rank_enter(enum lock_rank rank)
{
    if (held_ranks >> rank)
        __builtin_trap(); /* a lock of the same or an inner rank is held */
    held_ranks |= 1u << rank;
}

static void rank_leave(enum lock_rank rank) { held_ranks &= ~(1u << rank); }
#else
static void rank_enter(enum lock_rank rank) { (void)rank; }
static void rank_leave(enum lock_rank rank) { (void)rank; }
#endif

void spin_init(struct spin *lock, enum lock_rank rank)
{
    lock->rank = (uint8_t)rank;
    store_relaxed(&lock->word, 0);
}

static bool try_once(struct spin *lock)
{
    uint32_t expected = 0;
    /* Acquires what the last holder's spin_unlock released. */
    return load_relaxed(&lock->word) == 0 &&
           compare_exchange_acq_rel(&lock->word, &expected, 1);
}

bool spin_trylock(struct spin *lock)
{
    if (!try_once(lock))
        return false;
    rank_enter(lock->rank);
    return true;
}

static NOINLINE void take_slow(struct spin *lock)
{
    for (int i = 0; i < SPINS_BEFORE_SLEEP; i++) {
        if (try_once(lock))
            return;
        cpu_relax();
    }
    while (exchange_acq_rel(&lock->word, 2) != 0)
        sys_futex_wait(&lock->word, 2, 0);
}

static inline void take(struct spin *lock)
{
    uint32_t expected = 0;
    /* Acquires what the last holder's spin_unlock released. */
    if (UNLIKELY(!compare_exchange_acq_rel(&lock->word, &expected, 1)))
        take_slow(lock);
}

static inline void give(struct spin *lock)
{
    /* Releases to the exchange or compare_exchange of the next holder. */
    if (exchange_acq_rel(&lock->word, 0) == 2)
        sys_futex_wake(&lock->word, 1);
}

void spin_lock(struct spin *lock)
{
    rank_enter(lock->rank);
    take(lock);
}

void spin_unlock(struct spin *lock)
{
    rank_leave(lock->rank);
    give(lock);
}

static struct spin *at(struct spin *first, unsigned i, size_t stride)
{
    return (struct spin *)(void *)((char *)first + i * stride);
}

void spin_lock_all(struct spin *first, unsigned count, size_t stride)
{
    rank_enter(first->rank);
    for (unsigned i = 0; i < count; i++)
        take(at(first, i, stride));
}

void spin_unlock_all(struct spin *first, unsigned count, size_t stride)
{
    rank_leave(first->rank);
    for (unsigned i = 0; i < count; i++)
        give(at(first, i, stride));
}

void spin_reset(struct spin *lock)
{
#ifndef NDEBUG
    held_ranks &= ~(1u << lock->rank);
#endif
    store_relaxed(&lock->word, 0);
}
