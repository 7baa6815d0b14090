/* SPDX-License-Identifier: MIT */
/* What a thread's record (thread.h) has for race detection. Changed by the thread itself. */
#ifndef DETECT_ANALYSIS_RACE_THREAD_H
#define DETECT_ANALYSIS_RACE_THREAD_H

#include "base/compiler.h"

struct race_local;

/* The stretch of shadow memory that the thread met last (race.h). */
struct race_near {
    uintptr_t start, size; /* 0: there is none */
    intptr_t tags, sites;
};

/* Numbered records that the thread keeps for itself (pool.h). */
struct pool_cache {
    uint32_t first, count;
    uint32_t full; /* another magazine; 0 none */
};

struct race_thread {
    struct race_near near;    /* race_quick.c */
    struct race_local *local; /* NULL: its accesses are not looked at (yet) */
    uintptr_t pending;        /* what the last atomic load read, if what was released there is still to be acquired; 0 not */
    uint8_t pending_mask;     /* which of the 8 bytes there */
    uint32_t pending_flags;   /* of that load (enum race_flag) */
    bool to_report;           /* race_report() has something to do */
    bool wants_sweep;         /* part of it: few slots are left whose epochs have not run out */
    uintptr_t waits_at;       /* what its last atomic operation was on, and how many there have been in a row */
    uint32_t waits;
    uintptr_t stack_watch;    /* the lowest synchronisation variable on its stack, UINTPTR_MAX none */
    uint64_t locks_key;       /* `locks` as race_quick.h has it */
    uint32_t locks, locks_version; /* the set of locks held (site.h), and the held_list.version for which it is right */
    struct pool_cache cells;
};

#endif
