/* SPDX-License-Identifier: MIT */
/* One instruction of the program, as later stages need it. decode.c and encode-free: the project's only includer of
 * Zydis is x86_64/decode.c. */
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
    FLOW_STOP,          /* ud2, hlt, int3, undecodable, far transfers: what executes it faults, or leaves for good */
};

/* Sets of registers, bit per general register in hardware order. Flags: bits as in RFLAGS (CF 1, PF 4, AF 16, ZF 64,
 * SF 128, DF 1024, OF 2048). */
struct tr_insn {
    uintptr_t pc, target;   /* target: of direct transfers */
    uint8_t bytes[16];
    uint8_t length;
    uint8_t flow;           /* enum tr_flow */
    uint8_t displacement_at; /* offset of the 32-bit displacement of a rip-relative operand; 0: none */
    uint8_t immediate_at;   /* offset of a direct transfer's displacement; 0: none */
    uint8_t immediate_size;
    uint8_t modrm_at;       /* offset of the ModRM byte; 0: none */
    uint8_t access_count;
    uint16_t reads, writes; /* general registers; a partial write counts as a read too */
    uint32_t flags_read, flags_written; /* written: certainly; undefined counts as written */
    struct tr_access access[4]; /* memory operands, explicit ones first */
};

/* The instruction at `bytes` (at most `size` of them), as if it lay at pc. False: it cannot be decoded (flow is then
 * FLOW_STOP, length 0). Uses vector registers. */
bool decode(struct tr_insn *insn, const uint8_t *bytes, size_t size, uintptr_t pc);

#endif
