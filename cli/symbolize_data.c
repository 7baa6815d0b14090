/* SPDX-License-Identifier: MIT */
/* Data addresses as variables; see symbolize.h. */
#include "symbolize_inner.h"

#include <string.h>

#include "demangle.h"
#include "paths.h"

/* The address of a variable that lies at a fixed place. */
static bool fixed_address(Dwarf_Die *die, Dwarf_Addr *address)
{
    Dwarf_Attribute location, operand;
    Dwarf_Op *ops;
    size_t count;
    if (!dwarf_attr(die, DW_AT_location, &location) ||
        dwarf_getlocation(&location, &ops, &count) != 0 || count != 1)
        return false;
    if (ops[0].atom == DW_OP_addr) {
        *address = ops[0].number;
        return true;
    }
    return (ops[0].atom == DW_OP_addrx || ops[0].atom == DW_OP_GNU_addr_index) &&
           dwarf_getlocation_attr(&location, &ops[0], &operand) == 0 &&
           dwarf_formaddr(&operand, address) == 0;
}

static void add_variable(struct symbolizer *symbolizer, struct sym_binary *binary, Dwarf_Die *unit,
                         Dwarf_Die *die)
{
    Dwarf_Addr start;
    Dwarf_Die type;
    if (!fixed_address(die, &start) || !sym_type_of(die, &type))
        return;
    binary->variables = pool_grow(symbolizer->pool, binary->variables, binary->variable_count,
                                  &binary->variable_capacity, sizeof(*binary->variables));
    binary->variables[binary->variable_count++] =
        (struct variable){.start = start, .size = sym_size_of(&type), .die = *die, .unit = *unit};
}

/* Variables among the children of `parent`: of the unit and its namespaces, or, for `nested`, those
 * inside functions. */
static void collect(struct symbolizer *symbolizer, struct sym_binary *binary, Dwarf_Die *unit,
                    Dwarf_Die *parent, bool nested, bool in_function, int depth)
{
    Dwarf_Die child;
    if (depth > MAX_TYPE_DEPTH || dwarf_child(parent, &child) != 0)
        return;
    do {
        switch (dwarf_tag(&child)) {
        case DW_TAG_variable:
            if (nested == in_function)
                add_variable(symbolizer, binary, unit, &child);
            break;
        case DW_TAG_namespace:
            collect(symbolizer, binary, unit, &child, nested, in_function, depth + 1);
            break;
        case DW_TAG_subprogram:
        case DW_TAG_lexical_block:
        case DW_TAG_inlined_subroutine:
            if (nested)
                collect(symbolizer, binary, unit, &child, nested, true, depth + 1);
            break;
        default: break;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
}

static void collect_all(struct symbolizer *symbolizer, struct sym_binary *binary, bool nested)
{
    Dwarf_Addr bias;
    Dwarf_Die *unit = NULL;
    while ((unit = dwfl_module_nextcu(binary->module, unit, &bias))) {
        Dwarf_Die whole = sym_full_unit(unit);
        collect(symbolizer, binary, unit, &whole, nested, false, 0);
    }
}

static struct variable *variable_at(struct sym_binary *binary, uint64_t address)
{
    for (size_t i = 0; i < binary->variable_count; i++) {
        struct variable *variable = &binary->variables[i];
        if (address >= variable->start && address - variable->start < variable->size)
            return variable;
    }
    return NULL;
}

/* Outer variables are cheap to collect; the insides of all functions only if those did not help. */
static struct variable *find_variable(struct symbolizer *symbolizer, struct sym_binary *binary,
                                      uint64_t address)
{
    if (!binary->has_outer)
        collect_all(symbolizer, binary, false);
    binary->has_outer = true;
    struct variable *found = variable_at(binary, address);
    if (found || binary->has_nested)
        return found;
    collect_all(symbolizer, binary, true);
    binary->has_nested = true;
    return variable_at(binary, address);
}

/* A static variable of a function is called "name.123" in the symbol table. */
static const char *without_number(struct symbolizer *symbolizer, const char *name)
{
    size_t length = strlen(name), digits = strspn(name + strcspn(name, "."), ".0123456789");
    size_t dot = strcspn(name, ".");
    return dot > 0 && dot + digits == length ? pool_text(symbolizer->pool, name, dot) : name;
}

static bool variable_by_symbol(struct symbolizer *symbolizer, struct sym_binary *binary,
                               uint64_t address, struct sym_variable *variable)
{
    GElf_Sym symbol;
    GElf_Off offset = 0;
    const char *name = sym_symbol_name(symbolizer, binary, address + binary->bias, &symbol, &offset);
    if (!name || (symbol.st_size && offset >= symbol.st_size) ||
        GELF_ST_TYPE(symbol.st_info) != STT_OBJECT)
        return false;
    name = without_number(symbolizer, name);
    variable->name = offset ? pool_printf(symbolizer->pool, "%s+%llu", name,
                                          (unsigned long long)offset)
                            : name;
    return true;
}

bool sym_variable(struct symbolizer *symbolizer, struct sym_binary *binary, uint64_t address,
                  uint64_t size, struct sym_variable *variable)
{
    *variable = (struct sym_variable){0};
    if (!binary->module)
        return false;
    struct variable *found = find_variable(symbolizer, binary, address);
    Dwarf_Die type;
    const char *name = found ? sym_die_name(symbolizer, &found->die) : NULL;
    if (!name || !sym_type_of(&found->die, &type))
        return variable_by_symbol(symbolizer, binary, address, variable);
    int line = 0;
    variable->name = sym_member_path(symbolizer, &type, address - found->start, size ? size : 64, name);
    variable->file = sym_source_path(symbolizer, &found->unit, sym_declared_in(&found->die));
    if (dwarf_decl_line(&found->die, &line) == 0 && line > 0)
        variable->line = (unsigned)line;
    return true;
}
