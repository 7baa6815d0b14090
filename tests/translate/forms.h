/* SPDX-License-Identifier: MIT */
/* Every instruction form that Zydis can decode in 64-bit mode, found by trying all opcodes of all maps with all
 * mandatory prefixes, and random instructions of a form. No state but the table; random numbers are passed in. */
#ifndef DETECT_TESTS_TRANSLATE_FORMS_H
#define DETECT_TESTS_TRANSLATE_FORMS_H

#include <Zydis/Zydis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

uint64_t random_next(struct random *r);
/* 0 ≤ result < n. */
static inline uint32_t random_below(struct random *r, uint32_t n)
{
    return (uint32_t)((random_next(r) >> 32) * n >> 32);
}
/* True once in n times. */
static inline bool random_one_in(struct random *r, uint32_t n) { return random_below(r, n) == 0; }
/* A bit of the set; 255 if it is empty. */
unsigned random_of_set(struct random *r, uint16_t set);

/* How the bytes before and at the opcode are made. */
struct form {
    uint16_t mnemonic;
    uint8_t encoding;  /* ZydisInstructionEncoding */
    uint8_t map;       /* legacy: 0 one-byte, 1 0F, 2 0F38, 3 0F3A; vex, evex: their map field */
    uint8_t prefix;    /* 0 none, 1 66, 2 F3, 3 F2; of vex and evex their pp field */
    uint8_t w, length; /* length: L or L'L */
    uint8_t broadcast;
    uint8_t opcode;
    uint8_t reg;       /* ModRM.reg of the sample */
    uint8_t rm;        /* ModRM.rm of the sample where that is a register */
    bool has_modrm, memory;
    bool reg_is_free, rm_is_free; /* a register's number, not a part of the opcode */
};

/* Forms of one mnemonic are next to each other. */
struct forms {
    struct form *form;
    size_t count;
    uint32_t first[ZYDIS_MNEMONIC_MAX_VALUE + 2]; /* by mnemonic; [m + 1] is the end */
};
extern struct forms forms;

void forms_init(void);

/* Registers that an operand's address may use, by role. */
struct roles {
    uint16_t pointers;    /* hold addresses in the middle of the arena; rsp is one */
    uint16_t indices;     /* hold small numbers; may be empty */
    uint16_t fs_pointers; /* hold such an address less the fs base */
    uint32_t vector_indices; /* zmm registers of small numbers */
    uintptr_t arena, pc;  /* for absolute and rip-relative operands: where the arena's middle is, and the code */
    int alignment;        /* of displacements */
};

struct instruction {
    uint8_t bytes[16];
    ZydisDecodedInstruction info;
    ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
};

extern ZydisDecoder forms_decoder;

/* A random instruction of the form. False: the bytes did not decode (try again). */
bool form_instance(const struct form *form, const struct roles *roles, struct random *r, struct instruction *out);
bool instruction_decode(struct instruction *out, const uint8_t *bytes, size_t size);

/* What a snippet must not contain, whatever its state: leaves the process, changes the thread's fs base, hypervisor
 * calls; branches and calls, which snippet.c makes itself. */
bool instruction_is_excluded(const struct instruction *i);
/* Its results are not the same twice. */
bool instruction_is_unstable(const struct instruction *i);
/* General registers that it writes, also conditionally. */
uint16_t instruction_writes(const struct instruction *i);
/* All base registers of its memory operands, implicit ones included. */
uint16_t instruction_bases(const struct instruction *i);
int register_number(ZydisRegister reg); /* of a general register of any width; -1: another */

#endif
