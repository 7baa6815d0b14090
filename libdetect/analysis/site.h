/* SPDX-License-Identifier: MIT */
/* Where an access came from, as an interned number: its call stack, instruction, kind and size, and the locks that the
 * thread held. Shadow memory keeps one for each access that it remembers. */
#ifndef DETECT_ANALYSIS_SITE_H
#define DETECT_ANALYSIS_SITE_H

#include "analysis/intern.h"

struct held_list;

#define SITE_MOST ((1u << 23) - 1) /* sites */

#define SITE_LOCKS_BITS 20 /* of a set of locks */

struct site {
    uintptr_t pc;   /* the instruction; with RACE_LIBC, FREE or UNMAP a return address */
    uint32_t call;  /* calltree.h */
    uint32_t locks; /* site_lock(); 0 none */
    uint32_t flags; /* enum race_flag */
    uint32_t size;  /* of the whole access; UINT32_MAX: that or more */
};

/* One of a set of locks, the one taken last; the set is a chain of them. */
struct site_lock {
    uintptr_t addr; /* not its identity: there may be millions of locks, one after the other */
    uint32_t next; /* the others; 0 none */
    uint32_t acquired_at;
    uint8_t kind, mode; /* enum object_kind, lock_mode */
};

struct site_table {
    struct intern sites, locks;
};

bool site_table_init(struct site_table *table, struct arena *arena);
/* 0 when out of memory. */
uint32_t site_number(struct site_table *table, const struct site *site);
/* Of a pair: one of its sites. */
struct site site_get(const struct site_table *table, uint32_t number);
/* A pair of sites: `a` of the bytes in `mask` of a granule, `b` of the others. 0 when out of memory. */
uint32_t site_pair(struct site_table *table, uint32_t a, uint8_t mask, uint32_t b);
/* The site of that byte, which is no pair. */
uint32_t site_of_byte(const struct site_table *table, uint32_t number, uint32_t byte);
/* The set of what is held now. */
uint32_t site_locks(struct site_table *table, const struct held_list *held);
struct site_lock site_lock_get(const struct site_table *table, uint32_t number);

#endif
