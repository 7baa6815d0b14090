/* SPDX-License-Identifier: MIT */
/* See linear.h. Only the instructions are understood by which compilers step counters and pointers and compute addresses from
 * them; of all others it is enough to know what they write (decode.h). Called by the builder, under its lock. */
#include "translate/x86_64/linear.h"

#include <string.h>

#include "translate/thread.h"

/* --- sums -------------------------------------------------------------------------------------------------------------- */

static const struct linear unknown = {.is_known = false};

struct linear linear_constant(uint64_t value) { return (struct linear){.constant = value, .is_known = true}; }

struct linear linear_register(unsigned reg)
{
    return (struct linear){.is_known = true, .count = 1,
                           .term = {{.coefficient = 1, .reg = (uint8_t)reg, .factor = TR_NO_REGISTER}}};
}

static bool is_same_term(const struct linear_term *a, const struct linear_term *b)
{
    return a->reg == b->reg && a->kind == b->kind && a->offset == b->offset && a->factor == b->factor;
}

static bool add_term(struct linear *sum, const struct linear_term *term)
{
    for (unsigned i = 0; i < sum->count; i++) {
        if (!is_same_term(&sum->term[i], term))
            continue;
        sum->term[i].coefficient += term->coefficient;
        if (sum->term[i].coefficient == 0)
            sum->term[i] = sum->term[--sum->count];
        return true;
    }
    if (sum->count == LINEAR_TERMS)
        return false;
    sum->term[sum->count++] = *term;
    return true;
}

struct linear linear_add(const struct linear *a, const struct linear *b)
{
    struct linear sum = *a;
    sum.constant += b->constant;
    sum.is_known = a->is_known && b->is_known;
    for (unsigned i = 0; sum.is_known && i < b->count; i++)
        sum.is_known = add_term(&sum, &b->term[i]);
    return sum;
}

struct linear linear_scale(const struct linear *a, uint64_t by)
{
    struct linear product = *a;
    product.constant *= by;
    product.count = 0;
    for (unsigned i = 0; i < a->count; i++) {
        struct linear_term term = a->term[i];
        term.coefficient *= by;
        if (term.coefficient != 0)
            product.term[product.count++] = term;
    }
    return product;
}

static struct linear subtract(const struct linear *a, const struct linear *b)
{
    struct linear negative = linear_scale(b, UINT64_MAX);
    return linear_add(a, &negative);
}

/* Times what a register holds now. */
static struct linear multiply_by_register(const struct linear *a, uint8_t reg)
{
    struct linear product = *a;
    struct linear_term constant = {.coefficient = a->constant, .reg = reg, .factor = TR_NO_REGISTER};
    for (unsigned i = 0; i < a->count; i++) {
        if (a->term[i].factor != TR_NO_REGISTER)
            return unknown;
        product.term[i].factor = reg;
    }
    product.constant = 0;
    if (a->constant != 0)
        product.is_known = add_term(&product, &constant);
    return product;
}

static bool is_register(const struct linear *a)
{
    return linear_is_simple(a) && a->term[0].kind == LINEAR_WHOLE && a->constant == 0;
}

static struct linear multiply(const struct linear *a, const struct linear *b)
{
    if (!a->is_known || !b->is_known)
        return unknown;
    if (b->count == 0)
        return linear_scale(a, b->constant);
    if (a->count == 0)
        return linear_scale(b, a->constant);
    if (is_register(b))
        return multiply_by_register(a, b->term[0].reg);
    return is_register(a) ? multiply_by_register(b, a->term[0].reg) : unknown;
}

static struct linear extend(const struct linear *a, enum linear_kind kind)
{
    if (linear_is_constant(a))
        return linear_constant(kind == LINEAR_SIGN_EXTENDED ? (uint64_t)(int64_t)(int32_t)a->constant : (uint32_t)a->constant);
    if (!linear_is_simple(a))
        return unknown;
    struct linear extended = *a;
    extended.term[0].kind = (uint8_t)kind;
    extended.term[0].offset = a->term[0].offset + (uint32_t)a->constant;
    extended.constant = 0;
    return extended;
}

struct linear linear_narrow(const struct linear *a) { return extend(a, LINEAR_ZERO_EXTENDED); }

struct linear linear_address(const struct linear values[], const struct tr_access *access)
{
    struct linear sum = linear_constant((uint64_t)(int64_t)access->displacement), scaled;
    if (access->index != TR_NO_REGISTER) {
        scaled = linear_scale(&values[access->index], access->scale);
        sum = linear_add(&sum, &scaled);
    }
    return access->base == TR_NO_REGISTER ? sum : linear_add(&sum, &values[access->base]);
}

bool linear_is_same(const struct linear *a, const struct linear *b)
{
    struct linear difference = subtract(a, b);
    return linear_is_constant(&difference) && difference.constant == 0;
}

/* --- instructions ------------------------------------------------------------------------------------------------------ */

/* Opcode and operands, of those without prefixes but REX. */
struct parts {
    uint16_t opcode; /* 0x0f.. with its escape */
    bool is_wide, is_memory;
    uint8_t reg, rm; /* of ModRM, with the REX bits */
    uint8_t extension;
    uint8_t immediate_at;
};

static bool is_prefix(uint8_t byte)
{
    return byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3 || byte == 0x2e || byte == 0x36 ||
           byte == 0x3e || byte == 0x26 || byte == 0x64 || byte == 0x65;
}

static bool take_apart(struct parts *parts, const struct tr_insn *insn)
{
    unsigned at = 0;
    uint8_t rex = 0;
    if (insn->length == 0 || insn->encoding > ENCODING_REX || is_prefix(insn->bytes[0]))
        return false;
    if (insn->encoding == ENCODING_REX)
        rex = insn->bytes[at++];
    *parts = (struct parts){.opcode = insn->bytes[at++], .is_wide = rex & 8};
    if (parts->opcode == 0x0f)
        parts->opcode = (uint16_t)(0x0f00 | insn->bytes[at++]);
    parts->rm = (uint8_t)((parts->opcode & 7) | (rex & 1) << 3); /* of those that have the register there */
    parts->immediate_at = (uint8_t)at;
    if (insn->modrm_at == 0)
        return true;
    uint8_t modrm = insn->bytes[insn->modrm_at];
    parts->is_memory = modrm >> 6 != 3;
    parts->extension = modrm >> 3 & 7;
    parts->reg = (uint8_t)(parts->extension | (rex & 4) << 1);
    parts->rm = (uint8_t)((modrm & 7) | (rex & 1) << 3);
    parts->immediate_at = (uint8_t)(insn->modrm_at + 1);
    return true;
}

static uint64_t immediate(const struct tr_insn *insn, unsigned at, unsigned size)
{
    uint64_t value = 0;
    memcpy(&value, insn->bytes + at, size);
    return size == 1 ? (uint64_t)(int64_t)(int8_t)value : size == 4 ? (uint64_t)(int64_t)(int32_t)value : value;
}

/* The address that a lea computes, which is no rip-relative one. */
static struct linear lea_address(const struct linear values[], const struct tr_insn *insn)
{
    uint8_t rex = insn->encoding == ENCODING_REX ? insn->bytes[0] : 0, modrm = insn->bytes[insn->modrm_at];
    unsigned at = insn->modrm_at + 1u, mod = modrm >> 6, base = modrm & 7;
    struct linear sum = linear_constant(0);
    if (base == 4) {
        uint8_t sib = insn->bytes[at++];
        unsigned index = (sib >> 3 & 7) | (rex & 2u) << 2;
        base = sib & 7;
        if (index != TR_RSP)
            sum = linear_scale(&values[index], 1u << (sib >> 6));
    }
    bool has_base = !(base == 5 && mod == 0);
    if (has_base)
        sum = linear_add(&sum, &values[base | (rex & 1u) << 3]);
    if (mod != 0 || !has_base)
        sum.constant += immediate(insn, at, mod == 1 ? 1 : 4);
    return sum;
}

/* add, sub, or cmp, as ModRM's extension or the opcode says; -1: none of them. */
enum arithmetic { ARITHMETIC_ADD = 0, ARITHMETIC_SUB = 5, ARITHMETIC_CMP = 7, ARITHMETIC_NONE = -1 };

struct operation {
    enum arithmetic what;
    uint8_t to;
    struct linear right;
};

static bool is_add_sub_cmp(unsigned what)
{
    return what == ARITHMETIC_ADD || what == ARITHMETIC_SUB || what == ARITHMETIC_CMP;
}

/* Of registers and immediates; false: it is no such one. */
static bool take_operation(struct operation *op, const struct parts *parts, const struct linear values[], const struct tr_insn *insn)
{
    if (parts->is_memory)
        return false;
    if (parts->opcode == 0x81 || parts->opcode == 0x83) {
        *op = (struct operation){(enum arithmetic)parts->extension, parts->rm,
                                 linear_constant(immediate(insn, parts->immediate_at, parts->opcode == 0x83 ? 1 : 4))};
        return is_add_sub_cmp(parts->extension);
    }
    if (parts->opcode >= 0x40 || !is_add_sub_cmp(parts->opcode >> 3))
        return false;
    *op = (struct operation){.what = (enum arithmetic)(parts->opcode >> 3)};
    switch (parts->opcode & 7) {
    case 1:
        op->to = parts->rm;
        op->right = values[parts->reg];
        return true;
    case 3:
        op->to = parts->reg;
        op->right = values[parts->rm];
        return true;
    case 5:
        op->to = TR_RAX;
        op->right = linear_constant(immediate(insn, parts->immediate_at, 4));
        return true;
    default:
        return false;
    }
}

static struct linear result_of(const struct operation *op, const struct linear values[])
{
    return op->what == ARITHMETIC_ADD ? linear_add(&values[op->to], &op->right) : subtract(&values[op->to], &op->right);
}

/* inc and dec: what is added; 0: it is none. */
static int step_by_one(const struct parts *parts)
{
    if (parts->opcode != 0xff || parts->is_memory || parts->extension > 1)
        return 0;
    return parts->extension == 0 ? 1 : -1;
}

/* What is written to one register: false: not understood. */
static bool find_result(struct linear *result, uint8_t *to, const struct parts *parts, const struct linear values[],
                        const struct tr_insn *insn)
{
    struct operation op;
    if (take_operation(&op, parts, values, insn) && op.what != ARITHMETIC_CMP) {
        *to = op.to;
        *result = result_of(&op, values);
        return true;
    }
    *to = parts->rm;
    if (step_by_one(parts)) {
        struct linear one = linear_constant((uint64_t)(int64_t)step_by_one(parts));
        *result = linear_add(&values[parts->rm], &one);
        return true;
    }
    if (insn->is_lea && !insn->displacement_at) {
        *to = parts->reg;
        *result = lea_address(values, insn);
        return true;
    }
    if (parts->opcode >= 0xb8 && parts->opcode <= 0xbf) {
        *result = linear_constant(immediate(insn, parts->immediate_at, parts->is_wide ? 8 : 4));
        return true;
    }
    if (parts->is_memory)
        return false;
    switch (parts->opcode) {
    case 0x89: /* mov */
        *result = values[parts->reg];
        return true;
    case 0x8b:
        *to = parts->reg;
        *result = values[parts->rm];
        return true;
    case 0xc7:
        *result = linear_constant(immediate(insn, parts->immediate_at, 4));
        return parts->extension == 0;
    case 0x63: /* movsxd */
        *to = parts->reg;
        *result = extend(&values[parts->rm], LINEAR_SIGN_EXTENDED);
        return parts->is_wide;
    case 0x98: /* cdqe */
        *to = TR_RAX;
        *result = extend(&values[TR_RAX], LINEAR_SIGN_EXTENDED);
        return parts->is_wide;
    case 0x31: /* xor of one with itself */
    case 0x33:
        *result = linear_constant(0);
        return parts->reg == parts->rm;
    case 0xc1: /* shl */
        *result = linear_scale(&values[parts->rm], 1ull << (insn->bytes[parts->immediate_at] & 63));
        return parts->extension == 4 && parts->is_wide;
    case 0x0faf: /* imul */
        *to = parts->reg;
        *result = multiply(&values[parts->reg], &values[parts->rm]);
        return parts->is_wide;
    case 0x69:
    case 0x6b:
        *to = parts->reg;
        *result = linear_scale(&values[parts->rm], immediate(insn, parts->immediate_at, parts->opcode == 0x6b ? 1 : 4));
        return parts->is_wide;
    default:
        return false;
    }
}

void linear_forget(struct linear values[], const struct tr_insn *insn)
{
    for (unsigned reg = 0; reg < TR_REGISTERS; reg++)
        if (insn->writes >> reg & 1)
            values[reg] = unknown;
}

void linear_step(struct linear values[], const struct tr_insn *insn)
{
    struct parts parts;
    struct linear result = unknown;
    uint8_t to = TR_NO_REGISTER;
    if (insn->writes == 0)
        return;
    bool is_understood = take_apart(&parts, insn) && find_result(&result, &to, &parts, values, insn) &&
                         insn->writes == 1u << to;
    linear_forget(values, insn);
    if (is_understood)
        values[to] = parts.is_wide ? result : linear_narrow(&result);
}

/* --- flags ---------------------------------------------------------------------------------------------------------------- */

bool linear_compares(struct linear_compare *compare, const struct linear values[], const struct tr_insn *insn)
{
    struct parts parts;
    struct operation op;
    if (!take_apart(&parts, insn))
        return false;
    compare->is_wide = parts.is_wide;
    if (take_operation(&op, &parts, values, insn)) {
        compare->left = values[op.to];
        compare->right = op.right;
        compare->result = result_of(&op, values);
        compare->has_operands = op.what != ARITHMETIC_ADD;
        return true;
    }
    compare->right = linear_constant(0);
    compare->has_operands = parts.opcode == 0x85 && !parts.is_memory && parts.reg == parts.rm; /* test */
    compare->left = compare->result = values[parts.rm];
    if (compare->has_operands)
        return true;
    compare->result.constant += (uint64_t)(int64_t)step_by_one(&parts);
    return step_by_one(&parts) != 0;
}

bool linear_keeps_flags(const struct tr_insn *insn)
{
    struct parts parts;
    if (insn->is_lea)
        return true;
    if (!take_apart(&parts, insn))
        return false;
    return (parts.opcode >= 0x88 && parts.opcode <= 0x8b) || parts.opcode == 0x63 || parts.opcode == 0xc7 ||
           parts.opcode == 0x0f1f || parts.opcode == 0x90;
}
