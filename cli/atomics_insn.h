/* SPDX-License-Identifier: MIT */
/* Machine code as a list of small records, for what is looked for in whole modules (atomics_flow.c): loops that wait, and
 * values that come back changed. */
#ifndef DETECT_CLI_ATOMICS_INSN_H
#define DETECT_CLI_ATOMICS_INSN_H

#include "atomics_table.h"

enum flat_kind { /* bits */
    FLAT_READS = 1,    /* its memory operand */
    FLAT_WRITES = 2,
    FLAT_MOVES = 4,    /* a mov between memory and a general register, or of a constant to memory */
    FLAT_COPIES = 8,   /* a register to another: mov, movsx, cdqe … */
    FLAT_CHANGES = 16, /* arithmetic on `to`, or an address made of it (lea) */
    FLAT_JUMPS = 32,   /* directly, perhaps; `target` */
    FLAT_CALLS = 64,   /* `target`, 0 unknown */
    FLAT_ENDS = 128,   /* control never gets behind it: ret, jmp, ud2 */
    FLAT_LOCKED = 256, /* lock prefix, xchg with memory */
    FLAT_CONDITIONAL = 512,
    FLAT_MAKES = 2048, /* with FLAT_CHANGES: it does not read `to` */
    FLAT_SMALL = 1024, /* its memory operand is one that a single mov could have: 1, 2, 4 or 8 bytes */
};

#define FLAT_NO_REGISTER 255
#define FLAT_RIP 254 /* as the base: `displacement` is the address */

struct flat_insn {
    uint64_t address;
    int64_t displacement;
    uint64_t target; /* of a jump or call; the address or number that a lea or mov makes; 0 not known */
    uint16_t kind; /* enum flat_kind */
    uint8_t length, size;
    uint8_t base, index, scale; /* of the memory operand */
    uint8_t to, from;           /* general registers that it writes (the first) and reads */
    uint16_t written;           /* all general registers that it changes, a bit each */
};

/* All instructions of the segment, in the pool; bytes that are none are skipped. */
struct flat_insn *flat_decode(struct pool *pool, const struct code *code, const struct code_segment *segment, size_t *count);

#endif
