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
 * sequence, and its return site is told to `places`, as is what is spilled in between (slots 0 and 1). `r11_dead`:
 * nobody needs its value.
 *
 *     mov    %r11, %fs:spill0      these two only if the target is in memory
 *     mov    operand, %r11
 *     mov    %rcx, %fs:spill1
 *     movzwl %target, %ecx
 *     jmp    *table(,%rcx,8)       or call; a table of 65536 code addresses, indexed by the target's low 16 bits
 *
 * leads to the slot of one target, which checks that it is meant, gives the registers back and goes there (indirect.c). */
void indirect_emit(struct emitter *e, const struct tr_insn *insn, bool r11_dead, struct place_writer *places);
/* The most that it takes: two stores, the operand's address and a load, an index by a base, the jump. */
enum { INDIRECT_BYTES = 2 * EMIT_FS_SIZE + 16 + 14 + 7 };

#endif
