/* SPDX-License-Identifier: MIT */
/* The detector's own locks. A thread takes them only in ascending rank, so they cannot deadlock with
 * each other; debug builds check it. Held for short, bounded work and never around a call into the
 * program, libc's allocator or the dynamic linker.
 *
 * A holder must have signals deferred (runtime/self.h): a handler that came in between would spin for
 * ever on its own thread. */
#ifndef DETECT_BASE_SPIN_H
#define DETECT_BASE_SPIN_H

#include "base/compiler.h"

/* Outer locks have lower ranks. */
enum lock_rank {
    RANK_THREADS = 1, /* runtime: table of threads by pthread_t */
    RANK_TAKEOVER,    /* runtime: which code is translated */
    RANK_TRANSLATE,   /* translate: building, linking, eviction, modules */
    RANK_FD,          /* intercept: table of descriptors */
    RANK_ANALYSIS,    /* analysis: everything but the per-thread fast path */
    RANK_OBJECT,      /* analysis: one synchronisation object's clock */
    RANK_RACE,        /* analysis: what race checks keep besides shadow memory */
    RANK_ORDERS,      /* analysis: unused records of published order */
    RANK_HB,          /* analysis: what a thread knows of others, in mode full */
    RANK_CLOCKS,      /* analysis: slots of vector clocks */
    RANK_DEPOT,       /* analysis: stack depot */
    RANK_NAMES,       /* runtime: what the report says of threads */
    RANK_BLOCKS,      /* runtime: blocks of allocators */
    RANK_MODULES,     /* runtime: module table */
    RANK_LIMITS,      /* runtime: limits of this run */
    RANK_REPORT,      /* report: the output file */
    RANK_ARENA,       /* base: memory */
    RANK_COUNT
};

struct spin {
    uint32_t word; /* 0 free, 1 held, 2 held and somebody sleeps */
    uint8_t rank;  /* enum lock_rank */
};

#define SPIN_INIT(r) {0, (r)}

void spin_init(struct spin *lock, enum lock_rank rank);
void spin_lock(struct spin *lock);
bool spin_trylock(struct spin *lock);
void spin_unlock(struct spin *lock);
/* An array of locks of one rank, `stride` bytes apart, all of them at once (nobody else holds more than one). */
void spin_lock_all(struct spin *first, unsigned count, size_t stride);
void spin_unlock_all(struct spin *first, unsigned count, size_t stride);
/* In the child of a fork, where the holder no longer exists. */
void spin_reset(struct spin *lock);

#endif
