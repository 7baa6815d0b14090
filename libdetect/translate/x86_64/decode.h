/* SPDX-License-Identifier: MIT */
/* One instruction of the program, as later stages need it. Zydis stays behind this header. */
#ifndef DETECT_TRANSLATE_X86_64_DECODE_H
#define DETECT_TRANSLATE_X86_64_DECODE_H

#include "base/compiler.h"
#include "translate/translate.h"

enum tr_flow {
    FLOW_NEXT,
    FLOW_JUMP,          /* jmp rel */
    FLOW_BRANCH,        /* jcc rel */
    FLOW_BRANCH_SHORT,  /* jrcxz, jecxz, loop, loope, loopne: 8-bit reach only */
    FLOW_CALL,          /* call rel */
    FLOW_JUMP_INDIRECT, /* jmp r/m64 */
    FLOW_CALL_INDIRECT,
    FLOW_RETURN,        /* ret, ret imm16 */
    FLOW_SYSCALL,
    FLOW_TRANSACTION,   /* xbegin rel */
    FLOW_TRAP,          /* int3, int1, far transfers: copied; if it comes back, then to the next instruction */
    FLOW_STOP,          /* ud2, hlt, undecodable: what executes it faults */
};

#define INSN_MAX 15 /* bytes of the longest instruction */

/* Sets of registers, bit per general register in hardware order. Flags: bits as in RFLAGS (CF 1, PF 4, AF 16, ZF 64,
 * SF 128, DF 1024, OF 2048). */
struct tr_insn {
    uintptr_t pc, target;   /* target: of direct transfers */
    uintptr_t rip_operand;  /* the address of a rip-relative operand; 0: there is none */
    uint8_t bytes[16];
    uint8_t length;
    uint8_t flow;            /* enum tr_flow */
    uint8_t displacement_at; /* offset of the 32-bit displacement of a rip-relative operand; 0: none */
    uint8_t displacement_width; /* address size of that operand: 64, or 32 with a 67 prefix */
    uint8_t modrm_at;        /* offset of the ModRM byte; 0: none */
    uint8_t prefix_at;       /* offset of the REX, VEX, EVEX or XOP prefix, if `encoding` says there is one */
    uint8_t encoding;        /* enum tr_encoding */
    uint8_t condition;       /* of FLOW_BRANCH: the low four bits of its opcode */
    bool is_lea;
    /* The following need decode_operands(). */
    uint8_t access_count;
    uint16_t reads, writes; /* general registers; a partial or conditional write counts as a read too */
    uint32_t flags_read, flags_written; /* written: certainly; undefined counts as written */
    struct tr_access access[4]; /* memory operands, explicit ones first */
};

enum tr_encoding { ENCODING_LEGACY, ENCODING_REX, ENCODING_VEX2, ENCODING_VEX3, ENCODING_EVEX, ENCODING_XOP };

/* The instruction at `bytes` (at most `size` of them), as if it lay at pc: all of it but registers, flags and accesses.
 * False: it cannot be decoded (flow is then FLOW_STOP, length 0). Uses vector registers. */
bool decode(struct tr_insn *insn, const uint8_t *bytes, size_t size, uintptr_t pc);
/* As decode, with registers, flags and accesses. */
bool decode_operands(struct tr_insn *insn, const uint8_t *bytes, size_t size, uintptr_t pc);
/* Once, before the others. */
void decode_init(void);

#endif
