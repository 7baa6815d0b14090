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
