/* SPDX-License-Identifier: MIT */
/* The encoder's side of fragment_place(): the builder tells, in order, where each instruction of the program begins in
 * the cache and where registers are borrowed; place.c packs that into a few bytes an instruction. */
#ifndef DETECT_TRANSLATE_PLACE_H
#define DETECT_TRANSLATE_PLACE_H

#include "base/compiler.h"
#include "translate/fragment.h"

struct place_writer {
    uint8_t *bytes;
    uint32_t used, capacity;
    bool full;
    uintptr_t last_pc, last_code;
    uint32_t state; /* packed: what is spilled where, now */
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
/* From `code` on: the stub of an exit that leads to `target`. */
void place_stub(struct place_writer *w, uintptr_t code, uintptr_t target);

#endif
