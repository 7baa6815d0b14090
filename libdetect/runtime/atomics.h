/* SPDX-License-Identifier: MIT */
/* What debug information says of the program's instructions: which of them are atomic operations in the source, and
 * which are known not to be. In a binary an atomic load is a plain mov; `detect run` reads the debug information of each
 * module that is translated and hands over a table (report/atomics_format.h), which is mapped here.
 *
 * Preloaded by hand there is nobody to ask: all flags are 0, and `limits` says so. */
#ifndef DETECT_RUNTIME_ATOMICS_H
#define DETECT_RUNTIME_ATOMICS_H

#include "analysis/race.h"
#include "translate/translate.h"

/* For the client's wants_access: of this operand, any of RACE_ATOMIC, RACE_SOURCE_KNOWN, RACE_VOLATILE, RACE_SPIN, RACE_LIBRARY and RACE_RUNTIME,
 * to be kept with the instruction. ATOMIC is only ever said of an aligned plain mov; RACE_ATOMIC and RACE_SOURCE_KNOWN exclude
 * each other, and neither means that nothing is known of the place. Costs a binary search; called once per
 * instruction. Takes no lock. */
uint32_t atomics_flags(const struct tr_access *access);

/* A module's code [start, end) is about to be translated; before it is, and without locks of the takeover: the answer may
 * take as long as reading its debug information does. */
void atomics_module(uintptr_t address);
/* It is gone. */
void atomics_module_gone(uintptr_t start, uintptr_t end);

/* Objects of atomic types at fixed addresses in the modules known so far, each once: for race_make_atomic. */
void atomics_objects(void (*visit)(void *ctx, uintptr_t address, size_t size), void *ctx);

#endif
