/* SPDX-License-Identifier: MIT */
/* What may be atomic though nobody says so. Without debug information every aligned mov may be an atomic load or store, since
 * compilers make nothing else of one; any other instruction is proof that its operand is plain, and so is a load whose
 * value comes back changed (the CLI finds these in the code, and says RACE_SOURCE_KNOWN).
 *
 *   - LLVM folds "store(load + n)" into one instruction, which then proves only that nobody else may write (RACE_FOLDED).
 *   - A race of two such moves is `possible`, and a read that gets what such a write left is ordered behind it, as if the
 *     writer had released: what only such a pair may have ordered is not told.
 *   - A loop that waits for a location (RACE_SPIN) is synchronisation, whatever the location is: the race on it is told,
 *     and what it guards is not. */
#ifndef DETECT_ANALYSIS_EVIDENCE_H
#define DETECT_ANALYSIS_EVIDENCE_H

#include "analysis/race_state.h"

/* An access with these flags may be an atomic operation, or not. */
static inline bool evidence_is_open(uint32_t flags)
{
    return (flags & (RACE_MOV | RACE_SOURCE_KNOWN | RACE_ATOMIC)) == RACE_MOV;
}

/* A load of a volatile object: where others use read-modify-writes, it is the atomic load of programs that are older than C11. */
static inline bool evidence_is_old_load(uint32_t flags)
{
    return (flags & (RACE_READ | RACE_WRITE | RACE_MOV | RACE_VOLATILE)) == (RACE_READ | RACE_MOV | RACE_VOLATILE);
}

static inline bool evidence_may_be_atomic(uint32_t flags) { return (flags & RACE_ATOMIC) || evidence_is_open(flags); }

/* "counter = counter + 1" of atomic ones, by the one thread that writes the variable: who else writes it knows it as plain. */
static inline bool evidence_is_owners(uint32_t flags, uint32_t other)
{
    return (flags & RACE_FOLDED) && (other & (RACE_READ | RACE_WRITE)) == RACE_READ && evidence_may_be_atomic(other);
}

/* Of two accesses that race: both may be atomic in the source, which would make it no race. */
static inline bool evidence_is_possible(uint32_t a, uint32_t b)
{
    return (evidence_may_be_atomic(a) && evidence_may_be_atomic(b)) || evidence_is_owners(a, b) || evidence_is_owners(b, a);
}

/* The read may have waited for, or been published by, the write that it follows. */
static inline bool evidence_orders(uint32_t read, uint32_t write)
{
    return (read & RACE_SPIN) || (evidence_is_open(read) && evidence_is_possible(read, write));
}

/* A read that evidence_orders() may say yes of: what it got is known after it. */
static inline bool evidence_waits(uint32_t flags)
{
    return (flags & (RACE_READ | RACE_WRITE)) == RACE_READ && ((flags & RACE_SPIN) || evidence_is_open(flags));
}

#endif
