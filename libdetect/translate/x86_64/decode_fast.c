/* SPDX-License-Identifier: MIT */
/* The common instructions' layout by two tables, a tenth of what Zydis takes: most of the builder's time is decoding.
 * What the tables do not know for certain (rare opcodes, vector encodings, 67 and lock prefixes) goes to Zydis, and the
 * unit test compares both over whole libraries and random bytes. Tables: Intel SDM volume 2, appendix A. */
#include "translate/x86_64/decode_fast.h"

enum {
    N = 0x80, /* known: nothing follows the opcode */
    M = 0x81, /* ModRM */
    B = 0x82, /* 8-bit immediate */
    Z = 0x84, /* 32-bit immediate, 16-bit with a 66 prefix */
    J = 0x88, /* that immediate is the displacement of a transfer */
    V = 0x90, /* like Z, but 64-bit with REX.W */
    P = 0xa0, /* another instruction, or none, with an F2 or F3 prefix */
    MB = M | B, MZ = M | Z, JB = J | B, JZ = J | Z, MP = M | P, MBP = MB | P,
};

static const uint8_t one_byte[256] = {
    /*         0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f */
    /* 00 */   M, M, M, M, B, Z, 0, 0,  M, M, M, M, B, Z, 0, 0,
    /* 10 */   M, M, M, M, B, Z, 0, 0,  M, M, M, M, B, Z, 0, 0,
    /* 20 */   M, M, M, M, B, Z, 0, 0,  M, M, M, M, B, Z, 0, 0,
    /* 30 */   M, M, M, M, B, Z, 0, 0,  M, M, M, M, B, Z, 0, 0,
    /* 40 */   0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
    /* 50 */   N, N, N, N, N, N, N, N,  N, N, N, N, N, N, N, N,
    /* 60 */   0, 0, 0, M, 0, 0, 0, 0,  Z, MZ, B, MB, 0, 0, 0, 0,
    /* 70 */   JB, JB, JB, JB, JB, JB, JB, JB,  JB, JB, JB, JB, JB, JB, JB, JB,
    /* 80 */   MB, MZ, 0, MB, M, M, M, M,  M, M, M, M, 0, M, 0, 0,
    /* 90 */   N, N, N, N, N, N, N, N,  N, N, 0, N, N, N, N, N,
    /* a0 */   0, 0, 0, 0, N, N, N, N,  B, Z, N, N, N, N, N, N,
    /* b0 */   B, B, B, B, B, B, B, B,  V, V, V, V, V, V, V, V,
    /* c0 */   MB, MB, 0, N, 0, 0, MB, MZ,  0, N, 0, 0, 0, 0, 0, 0,
    /* d0 */   M, M, M, M, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
    /* e0 */   0, 0, 0, 0, 0, 0, 0, 0,  JZ, JZ, 0, JB, 0, 0, 0, 0,
    /* f0 */   0, 0, 0, 0, 0, N, M, M,  N, N, 0, 0, N, N, M, M,
};

/* After 0F. */
static const uint8_t two_byte[256] = {
    /*         0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f */
    /* 00 */   0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
    /* 10 */   M, M, 0, 0, MP, MP, 0, 0,  0, 0, 0, 0, 0, 0, 0, M,
    /* 20 */   0, 0, 0, 0, 0, 0, 0, 0,  MP, MP, 0, 0, 0, 0, MP, MP,
    /* 30 */   0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
    /* 40 */   MP, MP, MP, MP, MP, MP, MP, MP,  MP, MP, MP, MP, MP, MP, MP, MP,
    /* 50 */   0, M, 0, 0, MP, MP, MP, MP,  M, M, M, 0, M, M, M, M,
    /* 60 */   MP, MP, MP, 0, 0, 0, 0, 0,  MP, MP, MP, 0, 0, 0, MP, 0,
    /* 70 */   0, 0, 0, 0, MP, MP, MP, 0,  0, 0, 0, 0, 0, 0, MP, 0,
    /* 80 */   JZ, JZ, JZ, JZ, JZ, JZ, JZ, JZ,  JZ, JZ, JZ, JZ, JZ, JZ, JZ, JZ,
    /* 90 */   M, M, M, M, M, M, M, M,  M, M, M, M, M, M, M, M,
    /* a0 */   0, 0, N, M, MB, M, 0, 0,  0, 0, 0, M, MB, M, 0, M,
    /* b0 */   M, M, 0, M, 0, 0, M, M,  0, 0, MB, M, MP, MP, M, M,
    /* c0 */   M, M, 0, 0, 0, 0, MBP, 0,  N, N, N, N, N, N, N, N,
    /* d0 */   0, MP, MP, MP, MP, MP, 0, 0,  MP, MP, MP, MP, MP, MP, MP, MP,
    /* e0 */   MP, MP, MP, MP, MP, MP, 0, 0,  MP, MP, MP, MP, MP, MP, MP, MP,
    /* f0 */   0, MP, MP, MP, MP, MP, MP, 0,  MP, MP, MP, MP, MP, MP, MP, 0,
};

struct cursor {
    const uint8_t *bytes;
    uint8_t at, rex;
    bool operand16, repeat;
};

/* Prefixes and the REX byte; false: something that changes more than the length. */
static bool take_prefixes(struct cursor *c)
{
    for (;; c->at++) {
        switch (c->bytes[c->at]) {
        case 0x66:
            c->operand16 = true;
            break;
        case 0xf2:
        case 0xf3:
            c->repeat = true;
            break;
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x64:
        case 0x65:
            break;
        default:
            if ((c->bytes[c->at] & 0xf0) == 0x40)
                c->rex = c->bytes[c->at++];
            return c->at < 8;
        }
        if (c->at >= 6)
            return false;
    }
}

/* Opcodes whose ModRM.reg chooses between instructions. */
static uint8_t form_of_group(unsigned opcode, uint8_t form, uint8_t modrm)
{
    unsigned reg = modrm >> 3 & 7;
    switch (opcode) {
    case 0x8d: /* lea has no register form */
        return modrm >= 0xc0 ? 0 : form;
    case 0xc6:
    case 0xc7: /* xabort, xbegin */
        return reg == 0 ? form : 0;
    case 0xf6:
        return reg == 0 ? MB : reg == 1 ? 0 : form;
    case 0xf7:
        return reg == 0 ? MZ : reg == 1 ? 0 : form;
    case 0xfe:
        return reg < 2 ? form : 0;
    case 0xff:
        return reg == 3 || reg == 5 || reg == 7 ? 0 : form;
    case 0xfba:
        return reg >= 4 ? form : 0;
    default:
        return form;
    }
}

static enum tr_flow flow_of(unsigned opcode, uint8_t modrm)
{
    switch (opcode) {
    case 0xc3:
        return FLOW_RETURN;
    case 0xe8:
        return FLOW_CALL;
    case 0xe9:
    case 0xeb:
        return FLOW_JUMP;
    case 0xff:
        return (modrm >> 3 & 7) == 2 ? FLOW_CALL_INDIRECT : (modrm >> 3 & 7) == 4 ? FLOW_JUMP_INDIRECT : FLOW_NEXT;
    default:
        return opcode >> 4 == 0x7 || opcode >> 4 == 0xf8 ? FLOW_BRANCH : FLOW_NEXT;
    }
}

/* Bytes of SIB and displacement. */
static unsigned address_size(const uint8_t *modrm)
{
    unsigned mod = *modrm >> 6, rm = *modrm & 7;
    if (mod == 3)
        return 0;
    unsigned sib = rm == 4;
    if (mod == 0)
        return sib + (rm == 5 || (sib && (modrm[1] & 7) == 5) ? 4 : 0);
    return sib + (mod == 1 ? 1 : 4);
}

static unsigned immediate_size(const struct cursor *c, uint8_t form)
{
    if (form & (B & 0x7f))
        return 1;
    if (form & (V & 0x7f) && c->rex & 8)
        return 8;
    if (form & ((Z | V) & 0x7f))
        return c->operand16 && !(c->rex & 8) ? 2 : 4;
    return 0;
}

static int32_t number_at(const uint8_t *bytes, unsigned size)
{
    int32_t value;
    if (size == 1)
        return (int8_t)*bytes;
    memcpy(&value, bytes, 4);
    return value;
}

/* The opcode's entry; 0: not known, or not with these prefixes. `c` is behind the opcode afterwards. */
static uint8_t take_opcode(struct cursor *c, unsigned *opcode)
{
    *opcode = c->bytes[c->at++];
    uint8_t form = one_byte[*opcode];
    if (*opcode == 0x0f) {
        *opcode = 0xf00u | c->bytes[c->at++];
        form = two_byte[*opcode & 0xff];
    }
    if (form & 1)
        form = form_of_group(*opcode, form, c->bytes[c->at]);
    bool other = (form & P & 0x7f && c->repeat) || (form & J & 0x7f && c->operand16);
    return other ? 0 : form;
}

/* ModRM at c->at: mod 00 with r/m 101 is rip-relative. */
static void take_operand(struct tr_insn *insn, const struct cursor *c)
{
    insn->modrm_at = c->at;
    if ((c->bytes[c->at] & 0xc7) != 5)
        return;
    insn->displacement_at = c->at + 1;
    insn->displacement_width = 64;
    insn->rip_operand = insn->pc + insn->length + (uint64_t)(int64_t)number_at(&c->bytes[c->at + 1], 4);
}

bool decode_fast(struct tr_insn *insn)
{
    struct cursor c = {.bytes = insn->bytes};
    unsigned opcode;
    if (!take_prefixes(&c))
        return false;
    insn->encoding = c.rex ? ENCODING_REX : ENCODING_LEGACY;
    insn->prefix_at = c.rex ? (uint8_t)(c.at - 1) : 0;
    uint8_t form = take_opcode(&c, &opcode);
    bool has_modrm = form & 1;
    unsigned immediate_at = c.at + (has_modrm ? 1 + address_size(&c.bytes[c.at]) : 0);
    unsigned immediate = immediate_size(&c, form);
    if (form == 0 || immediate_at + immediate > INSN_MAX)
        return false;
    insn->length = (uint8_t)(immediate_at + immediate);
    insn->flow = (uint8_t)flow_of(opcode, c.bytes[c.at]);
    insn->is_lea = opcode == 0x8d;
    if (has_modrm)
        take_operand(insn, &c);
    if (form & J & 0x7f) {
        insn->target = insn->pc + insn->length + (uint64_t)(int64_t)number_at(&c.bytes[immediate_at], immediate);
        insn->condition = opcode & 15;
    }
    return true;
}
