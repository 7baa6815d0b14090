/* SPDX-License-Identifier: MIT */
/* Copying one instruction of the program to the cache so that it does there what it did at home. */
#ifndef DETECT_TRANSLATE_X86_64_RELOCATE_H
#define DETECT_TRANSLATE_X86_64_RELOCATE_H

#include "translate/place.h"
#include "translate/x86_64/decode.h"
#include "translate/x86_64/emitter.h"

/* Whether the instruction has no rip-relative operand, or one whose displacement reaches from e->at. */
bool relocate_is_plain(const struct emitter *e, const struct tr_insn *insn);
/* The copy, with whatever it takes to reach a rip-relative operand, told to `places` (the instruction has begun, and
 * is at its last record). Uses spill[slot], and no register of `avoid`. */
void relocate_copy(struct emitter *e, struct place_writer *places, const struct tr_insn *insn, unsigned slot,
                   uint16_t avoid);
/* The copy of an instruction whose rip-relative operand's address is in `base` (rax, rcx, rdx, rbx, rsi or rdi). */
void relocate_with_base(struct emitter *e, const struct tr_insn *insn, unsigned base);

#endif
