/* SPDX-License-Identifier: MIT */
/* The encoder's side of fragment_place(): the builder tells, in order of code addresses, where each instruction of the
 * program begins in the cache and where registers are borrowed; place.c packs that into about a byte an instruction.
 *
 * For an instruction that is copied with nothing before it: place_instruction, place_started at the same address. With
 * additions: place_instruction, what is spilled, place_started, and, if something follows the copy, place_instruction
 * of the next pc, not enterable, as from there on the instruction has been executed. */
#ifndef DETECT_TRANSLATE_PLACE_H
#define DETECT_TRANSLATE_PLACE_H

#include "base/compiler.h"
#include "translate/fragment.h"

struct place_writer {
    uint8_t *bytes;
    uint32_t used, capacity;
    bool full;               /* it did not fit: nothing of it may be used */
    uintptr_t last_pc, last_code; /* of the last instruction, of the last record */
    bool pending;            /* an instruction is not yet written: it may turn out to start where it begins */
    bool enterable, started; /* of the pending one */
    uintptr_t pc, code;
};

void place_begin(struct place_writer *w, uint8_t *bytes, uint32_t capacity, uintptr_t pc, uintptr_t code);
/* The code for the program's instruction at pc begins at `code`; `enterable`: with nothing carried over from before. */
void place_instruction(struct place_writer *w, uintptr_t pc, uintptr_t code, bool enterable);
/* From `code` on, the register's value is in spill[slot], until place_restored. */
void place_spilled(struct place_writer *w, uintptr_t code, unsigned reg, unsigned slot);
void place_restored(struct place_writer *w, uintptr_t code, unsigned reg);
void place_flags_spilled(struct place_writer *w, uintptr_t code, unsigned slot, unsigned form);
void place_flags_restored(struct place_writer *w, uintptr_t code);
/* From `code` on: the program's own instruction (its copy), not additions before it. */
void place_started(struct place_writer *w, uintptr_t code);
/* `code` is the address after a call: what lies on the stack while the callee runs. */
void place_return_site(struct place_writer *w, uintptr_t code, uintptr_t return_pc);
/* From `code` on: the stub of an exit that leads to `target`, with all registers in place. */
void place_stub(struct place_writer *w, uintptr_t code, uintptr_t target);
/* From `code` on: what the test before the instruction at pc leads to if it does not pass, with all registers in place but
 * for what is told next. */
void place_call_out(struct place_writer *w, uintptr_t code, uintptr_t pc);
/* Once, after the last; then `used` is final. */
void place_end(struct place_writer *w);

#endif
