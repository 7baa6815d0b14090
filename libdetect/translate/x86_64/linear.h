/* SPDX-License-Identifier: MIT */
/* What a register holds after some instructions, in terms of what registers hold now, where that is a sum of multiples. For
 * loops.c, at translation; and for what evaluates it later (loops_run.c). */
#ifndef DETECT_TRANSLATE_X86_64_LINEAR_H
#define DETECT_TRANSLATE_X86_64_LINEAR_H

#include "translate/x86_64/decode.h"

/* A register's 64 bits; or its low 32 and `offset` (modulo 2^32), which are then extended. */
enum linear_kind { LINEAR_WHOLE, LINEAR_ZERO_EXTENDED, LINEAR_SIGN_EXTENDED };

struct linear_term {
    uint64_t coefficient;
    uint32_t offset;
    uint8_t reg, kind;
    uint8_t factor; /* times that register; TR_NO_REGISTER: it is not */
};

enum { LINEAR_TERMS = 4 };

/* Modulo 2^64. */
struct linear {
    uint64_t constant;
    bool is_known;
    uint8_t count;
    struct linear_term term[LINEAR_TERMS];
};

struct linear linear_register(unsigned reg);
struct linear linear_constant(uint64_t value);
/* It is only a constant. */
static inline bool linear_is_constant(const struct linear *l) { return l->is_known && l->count == 0; }
/* A register as it is, or extended, and a constant. */
static inline bool linear_is_simple(const struct linear *l)
{
    return l->is_known && l->count == 1 && l->term[0].coefficient == 1 && l->term[0].factor == TR_NO_REGISTER;
}
struct linear linear_add(const struct linear *a, const struct linear *b);
struct linear linear_scale(const struct linear *a, uint64_t by);
/* Its low 32 bits, zero-extended. */
struct linear linear_narrow(const struct linear *a);

bool linear_is_same(const struct linear *a, const struct linear *b);

/* Where the access is; its base is none but a register, and it has no segment. */
struct linear linear_address(const struct linear values[], const struct tr_access *access);

/* The registers' values, indexed as in thread.h, after the instruction has run. */
void linear_step(struct linear values[], const struct tr_insn *insn);
/* What it writes is not known. */
void linear_forget(struct linear values[], const struct tr_insn *insn);

/* What the instruction compares for the branch that is behind it. */
struct linear_compare {
    struct linear left, right;
    struct linear result; /* what the sign and the zero flag are of */
    bool is_wide;         /* 64 bits; else 32 */
    bool has_operands;    /* flags are those of left - right; else only the result is known */
};
/* `values`: before it. False: it does not, as far as is understood. */
bool linear_compares(struct linear_compare *compare, const struct linear values[], const struct tr_insn *insn);
/* It changes no flags. */
bool linear_keeps_flags(const struct tr_insn *insn);

#endif
