/* SPDX-License-Identifier: MIT */
/* Ways out of a fragment, as seen by the builder; written by stub.c and indirect.c. */
#ifndef DETECT_TRANSLATE_X86_64_TRANSFER_H
#define DETECT_TRANSLATE_X86_64_TRANSFER_H

#include "translate/x86_64/decode.h"
#include "translate/x86_64/emitter.h"

/* The stub of a direct exit:
 *     mov  %rax, %fs:spill0
 *     movabs $exit, %rax
 *     jmp  region->enter_exit
 * At its first instruction all registers are the program's; afterwards rax is in spill[0]. */
void stub_emit(struct emitter *e, struct tr_exit *exit);

/* An indirect jump or call: the operand (register or memory, any addressing mode; already relocated in `insn` if
 * rip-relative) is looked up and control goes there. A call pushes the cache address that follows the sequence. Flags
 * and all registers reach the target as the program has them. `dead`: registers whose values nobody needs (bit set),
 * flags_dead likewise: cheaper sequences may use them. `mark` is called after each emitted instruction at which the
 * spilled set has changed, so that fragment_place can tell (place.c). */
struct place_writer;
void indirect_emit(struct emitter *e, const struct tr_insn *insn, uint16_t dead, bool flags_dead,
                   struct place_writer *places);

#endif
