/* SPDX-License-Identifier: MIT */
/* What symbolize.c (binaries and their code), symbolize_data.c (variables), symbolize_types.c (types and their members) and
 * symbolize_used.c (members that lines of code name) share: the project's only includers of libdw. */
#ifndef DETECT_CLI_SYMBOLIZE_INNER_H
#define DETECT_CLI_SYMBOLIZE_INNER_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include "symbolize.h"

#define MAX_TYPE_DEPTH 32 /* of nested types; damaged debug information may have cycles */

struct variable {
    uint64_t start, size;
    Dwarf_Die die;
    Dwarf_Die unit;
    Dwarf_Die function; /* if has_function: whose static variable it is */
    bool has_function, is_thread_local;
};

struct known_address {
    uint64_t address;
    const struct sym_place *places;
    size_t count;
};

struct sym_binary {
    const char *path, *build_id;
    enum sym_state state;
    Dwfl *dwfl;
    Dwfl_Module *module;
    Dwarf_Addr bias; /* of the module's ELF addresses in the Dwfl session */
    struct known_address *known;
    size_t known_count, known_capacity;
    struct variable *variables;
    size_t variable_count, variable_capacity;
    bool has_outer, has_nested; /* which variables have been collected */
};

struct symbolizer {
    struct pool *pool;
    Dwfl_Callbacks callbacks;
    char *debug_path;
    const char *debug_dirs[2];
    struct sym_binary **binaries;
    size_t count, capacity;
};

/* --- symbolize.c ------------------------------------------------------------------------------------------------ */

/* The unit of an address: by .debug_aranges, and where a compiler makes none (clang), unit by unit. *pc: in the unit. */
bool sym_find_unit(struct sym_binary *binary, Dwarf_Addr address, Dwarf_Die *unit, Dwarf_Addr *pc);
/* With split DWARF the unit in the binary is a skeleton, and the functions are in the .dwo file. */
Dwarf_Die sym_full_unit(const Dwarf_Die *unit);
/* The scopes that enclose pc, innermost first, as they are nested in the code; to be freed. 0: none. */
int sym_scopes(Dwarf_Die *unit, Dwarf_Addr pc, Dwarf_Die **scopes);
const char *sym_source_path(struct symbolizer *symbolizer, Dwarf_Die *unit, const char *file);
/* Demangled; NULL if it has none. */
const char *sym_die_name(struct symbolizer *symbolizer, Dwarf_Die *die);
const char *sym_symbol_name(struct symbolizer *symbolizer, struct sym_binary *binary, Dwarf_Addr address,
                            GElf_Sym *symbol, GElf_Off *offset);

/* --- symbolize_types.c ------------------------------------------------------------------------------------------- */

bool sym_type_of(Dwarf_Die *die, Dwarf_Die *type);
/* 0: unknown. */
uint64_t sym_size_of(Dwarf_Die *type);
/* The file in which it is declared, as the unit's table of files has it; NULL unknown. */
const char *sym_declared_in(Dwarf_Die *die);
/* Appends to variable->name the way from a variable of type `outer` to what lies at `offset` in it; as far as a member or an
 * element contains all of `size` bytes (0: unknown). Notes qualifiers and bit-fields on the way. */
void sym_member_path(struct symbolizer *symbolizer, Dwarf_Die *outer, uint64_t offset, uint64_t size,
                     struct sym_variable *variable);

#endif
