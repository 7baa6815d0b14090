/* SPDX-License-Identifier: MIT */
/* What the code itself proves, with or without debug information (design rules 3 and 6). */
#ifndef DETECT_CLI_ATOMICS_FLOW_H
#define DETECT_CLI_ATOMICS_FLOW_H

#include "atomics_table.h"

/* The function whose address the dynamic linker puts there, NULL if it is not known. */
struct flow_names {
    const char *(*of_slot)(void *ctx, uint64_t address);
    void *ctx;
};

/* Loops that wait go to the table, and moves that are proved to be plain: what was loaded comes back changed, or the
 * variable is accessed by another instruction than a mov elsewhere (which LLVM makes of atomic ones, too). */
void flow_decide(struct atomics_table *table, const struct code *code, const struct flow_names *names);

#endif
