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

/* How the addresses of a memory operand come about. An operand with a mask is touched element by element. */
enum tr_form_kind {
    FORM_PLAIN,         /* base + index * scale + displacement */
    FORM_PUSH,          /* `size` bytes below base */
    FORM_STRING,        /* rcx elements, up or down from base by the direction flag */
    FORM_SCAN,          /* likewise, but maybe not all of them: known when it has run */
    FORM_BITS,          /* bit tests: plus the operand that register `vector` chooses, counted in bits */
    FORM_XLAT,          /* plus al */
    FORM_EXCHANGE,      /* plain; written if it holds what is in rax, or rdx and rax */
    FORM_XSAVE,         /* as many bytes as edx:eax and XCR0 ask for */
    FORM_VECTOR_MASK,   /* element i if the sign bit of element i of vector register `mask` is set */
    FORM_MMX_MASK,      /* likewise, of MMX register `mask` */
    FORM_OPMASK,        /* element i % elements if bit i < lanes of opmask register `mask` is set */
    FORM_PACKED,        /* the first n elements, if n of the first `lanes` bits are set */
    FORM_GATHER,        /* element i at base + scale * element i of register `vector`, if i of `mask` is negative */
    FORM_GATHER_OPMASK, /* likewise, by opmask register `mask` */
};

struct tr_form {
    uint8_t kind;
    uint8_t address_width; /* 64 or 32 */
    uint8_t mask, vector;  /* register numbers */
    uint8_t elements, lanes;
    uint8_t index_size;    /* bytes, of gathers */
    bool is_pair;          /* cmpxchg8b and cmpxchg16b: two registers' worth */
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
    bool may_fault;         /* or be anything but an operation on registers */
    uint16_t reads, writes; /* general registers; a partial or conditional write counts as a read too */
    uint32_t flags_read, flags_written; /* written: certainly */
    struct tr_access access[4]; /* memory operands, explicit ones first */
    struct tr_form form[4];
};

enum tr_encoding { ENCODING_LEGACY, ENCODING_REX, ENCODING_VEX2, ENCODING_VEX3, ENCODING_EVEX, ENCODING_XOP };

/* The instruction at `bytes` (at most `size` of them), as if it lay at pc: all of it but registers, flags and accesses.
 * False: it cannot be decoded (flow is then FLOW_STOP, length 0). Uses vector registers. */
bool decode(struct tr_insn *insn, const uint8_t *bytes, size_t size, uintptr_t pc);
/* As decode, with registers, flags and accesses. */
bool decode_operands(struct tr_insn *insn, const uint8_t *bytes, size_t size, uintptr_t pc);
/* Of an operand whose base is TR_RIP: relative to rip, or an absolute address of 64 bits. */
uintptr_t known_address(const struct tr_insn *insn, unsigned operand);
/* Once, before the others. */
void decode_init(void);
bool cpu_is_amd(void);

#endif
