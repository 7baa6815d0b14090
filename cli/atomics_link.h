/* SPDX-License-Identifier: MIT */
/* What an ELF file tells without debug information: its code, which compilers made it, and which function each slot of the
 * dynamic linker's is for. */
#ifndef DETECT_CLI_ATOMICS_LINK_H
#define DETECT_CLI_ATOMICS_LINK_H

#include <gelf.h>

#include "atomics_table.h"

struct link_slot {
    uint64_t address;
    const char *name;
};

struct linked {
    struct code code;
    uint32_t compilers; /* ATOMICS_LLVM and ATOMICS_RUST, if they had a part in it */
    struct link_slot *slots; /* ascending */
    size_t slot_count, slot_capacity;
};

void link_read(struct linked *linked, struct pool *pool, Elf *elf);
/* For struct flow_names; `ctx` is a struct linked. */
const char *link_slot_name(void *ctx, uint64_t address);

#endif
