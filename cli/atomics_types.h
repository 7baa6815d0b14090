/* SPDX-License-Identifier: MIT */
/* What debug information says of names and global objects; part of atomics_dwarf.c. */
#ifndef DETECT_CLI_ATOMICS_TYPES_H
#define DETECT_CLI_ATOMICS_TYPES_H

#include "atomics_table.h"
#include "symbolize_inner.h"

/* The unit's variables, members, parameters and functions go to the sources' names, its atomic global objects to the
 * table. `bias`: from the unit's addresses to the file's. */
void types_collect(struct atomics_table *table, struct atomic_sources *sources, Dwarf_Die *unit, int64_t bias);

#endif
