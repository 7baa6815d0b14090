/* SPDX-License-Identifier: MIT */
/* A small table of answers about cache addresses, without a lock: the two words of a place may come from two writers,
 * which shows, as the question is both words' exclusive or. Answers stay right until cache addresses are used again. */
#ifndef DETECT_TRANSLATE_KNOWN_H
#define DETECT_TRANSLATE_KNOWN_H

#include "base/atomic.h"
#include "base/compiler.h"

#define KNOWN_BITS 10

struct known {
    struct {
        uintptr_t mixed, answer;
    } places[1u << KNOWN_BITS];
};

static inline size_t known_place(uintptr_t question) { return (question * 0x9e3779b97f4a7c15u) >> (64 - KNOWN_BITS); }

static inline bool known_find(const struct known *known, uintptr_t question, uintptr_t *answer)
{
    size_t i = known_place(question);
    *answer = load_relaxed(&known->places[i].answer);
    return LIKELY((load_relaxed(&known->places[i].mixed) ^ *answer) == question);
}

static inline void known_keep(struct known *known, uintptr_t question, uintptr_t answer)
{
    size_t i = known_place(question);
    store_relaxed(&known->places[i].mixed, question ^ answer);
    store_relaxed(&known->places[i].answer, answer);
}

static inline void known_forget(struct known *known)
{
    for (size_t i = 0; i < 1u << KNOWN_BITS; i++)
        store_relaxed(&known->places[i].mixed, 0);
}

#endif
