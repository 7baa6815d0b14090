/* SPDX-License-Identifier: MIT */
/* Each distinct record of a few words once, under a small number: nodes of call stacks, sets of locks, sites of
 * accesses. Used from call-outs of translated code.
 *
 * Numbers start at 1, 0 is none; a record never moves or changes. Thread-safe without a lock: a record is found along
 * its bucket's chain, and added by one exchange at the chain's head. Buckets come in levels, each with eight times as many as
 * the one before; what was added before a level came stays where it is. A record that two threads add at the moment when a level
 * comes may get two numbers. */
#ifndef DETECT_ANALYSIS_INTERN_H
#define DETECT_ANALYSIS_INTERN_H

#include "base/arena.h"

#define INTERN_LEVELS 4u

struct intern {
    struct arena *arena;
    uint32_t words; /* of a record */
    uint32_t last;  /* number given out last */
    uint32_t most;
    uint32_t level; /* the last of `buckets`; records are added there */
    uint32_t *buckets[INTERN_LEVELS];
    struct intern_record **chunks;
    uint64_t lost; /* records that could not be made */
};

/* Records of so many words; at most `most` of them (0: as many as there is memory for). False: out of memory. */
bool intern_init(struct intern *table, struct arena *arena, uint32_t words, uint32_t most);
/* The number of this record; 0 when out of memory. */
uint32_t intern_number(struct intern *table, const uint64_t *record);
/* The words of a number that intern_number() has returned. */
const uint64_t *intern_words(const struct intern *table, uint32_t number);

#endif
