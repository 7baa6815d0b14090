/* SPDX-License-Identifier: MIT */
/* Calls and jumps that are made by habits of compilers and linkers; see linkage.c. The translator's lock is held. */
#ifndef DETECT_TRANSLATE_X86_64_LINKAGE_H
#define DETECT_TRANSLATE_X86_64_LINKAGE_H

#include "translate/x86_64/decode.h"

/* The call's callee must find the program's return address. */
bool linkage_wants_return_address(const struct tr_insn *call);
/* The i-th instruction of a path is the jump of a stub of the procedure linkage table, with which the path begins. */
bool linkage_is_stub(const struct tr_insn *insns, uint32_t i);
/* Where a jump or call through a slot has led so far; 0: it is no such, or was not bound yet. `is_transient` is set if it soon will
 * be. */
uintptr_t linkage_bound(const struct tr_insn *insns, uint32_t i, bool *is_transient);

#endif
