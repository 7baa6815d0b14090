/* SPDX-License-Identifier: MIT */
/* Switches: jumps through a table of the program's that never changes. A second table, of cache addresses, is reached by
 * the same index, before the program's own instructions, which stay behind it for all else. */
#ifndef DETECT_TRANSLATE_X86_64_CASES_H
#define DETECT_TRANSLATE_X86_64_CASES_H

#include "translate/place.h"
#include "translate/x86_64/decode.h"
#include "translate/x86_64/emitter.h"

struct case_table;

struct case_jump {
    uint32_t first;        /* index of the first instruction that the table stands for; the jump is the last */
    uint8_t form, base, index, target;
    uintptr_t address;     /* of the program's table */
    uint32_t count;        /* of its entries that are known */
    bool is_bounded;       /* the index cannot be beyond them, if `first` is come to from the instruction before */
    uintptr_t *words;      /* of the second table */
};

/* Notes where tables' addresses are loaded. */
void cases_note(const struct tr_insn *insns, uint32_t count);
/* Whether the path ends in such a jump. `inside`: indices that direct transfers lead to. */
bool cases_find(struct case_jump *jump, const struct tr_insn *insns, uint32_t count, const uint16_t *inside);
/* Makes jump->words. False: there is no room. */
bool cases_make(struct case_jump *jump, const struct tr_insn *insns, struct tr_region *region);
/* What goes before the first instruction. The site of the displacement that is to lead to a literal, jump->address; 0: none. */
uintptr_t cases_emit(struct emitter *e, const struct case_jump *jump);
enum { CASES_BYTES = 48 };

/* Of a slot of a table. */
void cases_place(const struct tr_exit *exit, uintptr_t offset, struct tr_place *place);
/* The module [low, high) is gone, and nothing leads through its tables any more. */
void cases_forget(uintptr_t low, uintptr_t high);

#endif
