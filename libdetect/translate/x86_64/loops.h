/* SPDX-License-Identifier: MIT */
/* Accesses in innermost loops that are certain to come again, at addresses that are known beforehand: what tr_coming() says.
 * loops.c finds them when a path is translated; loops_run.c computes where they will be, and how often.
 *
 * An access is one if nothing but the branch at the loop's end decides whether it comes again, that branch compares
 * something that is stepped by a constant with something that stays, and its address is a sum of such. */
#ifndef DETECT_TRANSLATE_X86_64_LOOPS_H
#define DETECT_TRANSLATE_X86_64_LOOPS_H

#include "translate/x86_64/check.h"
#include "translate/x86_64/linear.h"

/* What goes on, with the stepped value on the left; as in instructions' low four bits. */
enum loop_condition {
    LOOP_BELOW = 0x2, LOOP_NOT_BELOW = 0x3, LOOP_NOT_EQUAL = 0x5, LOOP_NOT_ABOVE = 0x6, LOOP_ABOVE = 0x7,
    LOOP_LESS = 0xc, LOOP_NOT_LESS = 0xd, LOOP_NOT_GREATER = 0xe, LOOP_GREATER = 0xf,
};

/* All in terms of the registers before the access. */
struct tr_loop {
    struct linear next;             /* its address in the next round */
    int64_t step[LINEAR_TERMS];     /* what each term's register (its low half, if that is extended) grows by in a round */
    uint8_t high_half_is_0;         /* bit per term: only if that is so */
    uint8_t condition;              /* enum loop_condition: of going on after this round */
    bool is_wide;                   /* compared are 64 bits, else 32 */
    uint8_t bound_register;         /* TR_NO_REGISTER: a constant */
    uint64_t bound;                 /* and this */
    struct linear_term counter;     /* coefficient 1; when it is compared in this round */
    uint64_t counter_constant;
    int64_t counter_step;
};

/* Of instruction i's one operand. False: nothing is known. */
bool loops_describe(struct tr_loop *loop, const struct check_plan *plan, const struct tr_insn *insns, uint32_t count,
                    const uint16_t *inside, uint32_t i);

#endif
