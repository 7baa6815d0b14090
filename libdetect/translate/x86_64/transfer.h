/* SPDX-License-Identifier: MIT */
/* Ways out of a fragment, as seen by the builder; written by stub.c and indirect.c. */
#ifndef DETECT_TRANSLATE_X86_64_TRANSFER_H
#define DETECT_TRANSLATE_X86_64_TRANSFER_H

#include "translate/x86_64/decode.h"
#include "translate/x86_64/emitter.h"

struct place_writer;

/* The stub of a direct exit; sets exit->stub and tells `places`.
 *     mov  %rax, %fs:spill0
 *     lea  stub(%rip), %rax
 *     jmp  region->enter_exit
 * The dispatcher finds the exit by its stub: a thread may come here with an address from a fragment that has been
 * evicted meanwhile, whose exits are gone. */
void stub_emit(struct emitter *e, struct tr_exit *exit, struct place_writer *places);

/* An indirect jump or call, `insn` as decoded from the program (not relocated: a rip-relative operand is fixed here).
 * Flags and all registers reach the target as the program has them. A call pushes the cache address that follows the
 * sequence, and its return site is told to `places`, as is what is spilled in between
 * (slots 0 to 3 may be used). `dead`: registers whose values
 * nobody needs (bit set), flags_dead likewise: cheaper sequences may use them.
 *
 *     mov    %r11, %fs:spill0
 *     mov    operand, %r11
 *     mov    %r10, %fs:spill1
 *     movabs $table / 8, %r10      a table of 65536 code addresses, indexed by the target's low 16 bits
 *     mov    %r11w, %r10w
 *     jmp    *(,%r10,8)            or call
 *
 * leads to the stub of one target, which checks that it is meant, gives r10 and r11 back and goes there (indirect.c).
 * These two registers, because compilers take them last: what is spilled and filled is seldom waited for. */
void indirect_emit(struct emitter *e, const struct tr_insn *insn, uint16_t dead, bool flags_dead,
                   struct place_writer *places);

#endif
