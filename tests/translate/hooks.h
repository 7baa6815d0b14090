/* SPDX-License-Identifier: MIT */
/* A client of the translator that records every access, and clobbers what it may; and the accesses that a snippet
 * should make, from the operands of its native steps. */
#ifndef DETECT_TESTS_TRANSLATE_HOOKS_H
#define DETECT_TESTS_TRANSLATE_HOOKS_H

#include "run.h"

struct access {
    uint64_t pc, address, size;
    uint32_t kind;
};
struct accesses {
    struct access *access;
    size_t count, capacity;
    bool incomplete; /* an operand that the oracle does not understand, or too many steps */
};

extern const struct tr_client hooks_client;
/* One whose accesses are tested inline. Words exist of addresses around the arena. */
extern const struct tr_client hooks_client_of_checks;
#define WORDS_START 0x2f000000u
#define WORDS_END 0x31000000u
extern const struct tr_check hooks_check;
/* Those of [address, address + size) that have words. */
static inline uintptr_t hooks_words_begin(uintptr_t address)
{
    return address < WORDS_START ? WORDS_START : address & ~(uintptr_t)7;
}
static inline uintptr_t hooks_words_end(uintptr_t address, size_t size)
{
    return address + size < address || address + size > WORDS_END ? WORDS_END : address + size;
}
static inline uint32_t *hooks_word(uintptr_t address)
{
    return (uint32_t *)(((address & ~(uintptr_t)7) ^ (uintptr_t)1 << hooks_check.flip_bit) + (uintptr_t)hooks_check.offset);
}
/* What is stored of an access that has been told: in one half word, that of a half, the low one or the high one; or, for one that
 * is not of one half, in each of its words. */
static inline enum tr_tag hooks_tag_of(uintptr_t address, size_t size, uint32_t kind, uintptr_t pc)
{
    const unsigned choice = (address >> 2 ^ pc) % 3;
    const bool writes = kind & TR_WRITE, in_half = address % 4 + size <= 4, in_word = address % 8 + size <= 8;
    if (choice == 0 && in_half)
        return writes ? TR_TAG_HALF_WRITTEN : TR_TAG_HALF_READ;
    return choice == 1 && in_word && !writes ? TR_TAG_WHOLE_READ : TR_TAG;
}
static inline unsigned hooks_half_of(uintptr_t address, uint32_t kind, enum tr_tag tag)
{
    if (tag == TR_TAG_HALF_WRITTEN || tag == TR_TAG_HALF_READ)
        return address >> 2 & 1;
    return tag == TR_TAG && !(kind & TR_WRITE);
}
/* Maps the words. */
void hooks_init_words(void);
/* From now on, none is the thread's own. */
void hooks_forget_words(void);
/* As hooks_agree, where an access need not be told if all that it touches is the thread's own, and may not be told if the
 * words say so and it is one that is tested inline. */
bool hooks_checks_agree(const struct snippet *s, const struct accesses *expected, bool faulted);
/* Accesses so far that only the second test lets pass, and those of them that were told. */
extern uint64_t hooks_second, hooks_second_told;
/* Writes that were told together with a read before them. */
extern uint64_t hooks_early;

/* One that sees calls and returns alone, and has calls kept. */
extern const struct tr_client hooks_client_of_calls;

/* Runs the snippet step by step; `expected` gets its accesses, and `steps` the steps. */
void hooks_expect(const struct snippet *s, struct accesses *expected, struct steps *steps, struct outcome *out);
/* What the client has recorded so far. */
void hooks_forget(void);
/* Whether the client has recorded these since the last call; says what it has not. */
bool hooks_agree(const struct snippet *s, const struct accesses *expected);

/* Whether, at each call since the last question, the calls kept were those made. */
bool hooks_calls_agree(void);

#endif
