/* SPDX-License-Identifier: MIT */
/* Data addresses as variables; see symbolize.h. */
#include "symbolize_inner.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "paths.h"

/* The variables of a binary that lie at a fixed place, and where: an address, or an offset in thread-local storage. */
static bool fixed_place(Dwarf_Die *die, struct variable *variable)
{
    Dwarf_Attribute location, operand;
    Dwarf_Op *ops;
    size_t count;
    if (!dwarf_attr(die, DW_AT_location, &location) || dwarf_getlocation(&location, &ops, &count) != 0 || count < 1)
        return false;
    variable->is_thread_local =
        count == 2 && (ops[1].atom == DW_OP_form_tls_address || ops[1].atom == DW_OP_GNU_push_tls_address);
    if (count != 1 && !variable->is_thread_local)
        return false;
    switch (ops[0].atom) {
    case DW_OP_addr:
    case DW_OP_const4u:
    case DW_OP_const8u:
        variable->start = ops[0].number;
        return true;
    case DW_OP_addrx:
    case DW_OP_GNU_addr_index:
    case DW_OP_constx:
    case DW_OP_GNU_const_index:
        return dwarf_getlocation_attr(&location, &ops[0], &operand) == 0 &&
               (dwarf_formaddr(&operand, &variable->start) == 0 || dwarf_formudata(&operand, &variable->start) == 0);
    default:
        return false;
    }
}

/* What is being collected: of a unit and its namespaces, or, for `nested`, what is inside functions. */
struct collection {
    struct symbolizer *symbolizer;
    struct sym_binary *binary;
    Dwarf_Die *unit;
    bool nested;
};

static void add_variable(struct collection *into, Dwarf_Die *die, Dwarf_Die *function)
{
    struct sym_binary *binary = into->binary;
    struct variable variable = {.die = *die, .unit = *into->unit, .has_function = function};
    Dwarf_Die type;
    if (!fixed_place(die, &variable) || !sym_type_of(die, &type))
        return;
    variable.size = sym_size_of(&type);
    if (function)
        variable.function = *function;
    binary->variables = pool_grow(into->symbolizer->pool, binary->variables, binary->variable_count,
                                  &binary->variable_capacity, sizeof(*binary->variables));
    binary->variables[binary->variable_count++] = variable;
}

static void collect(struct collection *into, Dwarf_Die *parent, Dwarf_Die *function, int depth)
{
    Dwarf_Die child;
    if (depth > MAX_TYPE_DEPTH || dwarf_child(parent, &child) != 0)
        return;
    do {
        switch (dwarf_tag(&child)) {
        case DW_TAG_variable:
            if (into->nested == !!function)
                add_variable(into, &child, function);
            break;
        case DW_TAG_namespace:
            collect(into, &child, function, depth + 1);
            break;
        case DW_TAG_subprogram:
        case DW_TAG_inlined_subroutine:
            if (into->nested)
                collect(into, &child, &child, depth + 1);
            break;
        case DW_TAG_lexical_block:
            collect(into, &child, function, depth + 1);
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
        collect(&(struct collection){symbolizer, binary, unit, nested}, &whole, NULL, 0);
    }
}

static struct variable *variable_at(struct sym_binary *binary, uint64_t address, bool is_thread_local)
{
    for (size_t i = 0; i < binary->variable_count; i++) {
        struct variable *variable = &binary->variables[i];
        if (variable->is_thread_local == is_thread_local && address >= variable->start &&
            address - variable->start < variable->size)
            return variable;
    }
    return NULL;
}

/* Outer variables are cheap to collect; the insides of all functions only if those did not help. */
static struct variable *find_variable(struct symbolizer *symbolizer, struct sym_binary *binary,
                                      uint64_t address, bool is_thread_local)
{
    if (!binary->has_outer)
        collect_all(symbolizer, binary, false);
    binary->has_outer = true;
    struct variable *found = variable_at(binary, address, is_thread_local);
    if (found || binary->has_nested)
        return found;
    collect_all(symbolizer, binary, true);
    binary->has_nested = true;
    return variable_at(binary, address, is_thread_local);
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

/* addrinfo knows no thread-local symbols: their values are offsets. */
static bool thread_local_by_symbol(struct symbolizer *symbolizer, struct sym_binary *binary, uint64_t offset,
                                   struct sym_variable *variable)
{
    int count = dwfl_module_getsymtab(binary->module);
    for (int i = 0; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr value;
        const char *name = dwfl_module_getsym_info(binary->module, i, &symbol, &value, NULL, NULL, NULL);
        if (!name || GELF_ST_TYPE(symbol.st_info) != STT_TLS || symbol.st_shndx == SHN_UNDEF || offset < symbol.st_value ||
            offset - symbol.st_value >= symbol.st_size)
            continue;
        variable->name = demangle(symbolizer->pool, pool_text(symbolizer->pool, name, strlen(name)));
        if (offset > symbol.st_value)
            variable->name = pool_printf(symbolizer->pool, "%s+%llu", variable->name,
                                         (unsigned long long)(offset - symbol.st_value));
        return true;
    }
    return false;
}

static void set_declaration(struct symbolizer *symbolizer, Dwarf_Die *unit, Dwarf_Die *die, struct sym_variable *variable)
{
    Dwarf_Attribute attribute;
    Dwarf_Word line;
    variable->file = sym_source_path(symbolizer, unit, sym_declared_in(die));
    if (dwarf_formudata(dwarf_attr_integrate(die, DW_AT_decl_line, &attribute), &line) == 0 && line < UINT_MAX)
        variable->line = (unsigned)line;
}

/* By debug information; false: there is none of the variable. */
static bool describe(struct symbolizer *symbolizer, struct variable *found, uint64_t address, uint64_t size,
                     struct sym_variable *variable)
{
    Dwarf_Die type;
    variable->name = found ? sym_die_name(symbolizer, &found->die) : NULL;
    if (!variable->name || !sym_type_of(&found->die, &type))
        return false;
    sym_member_path(symbolizer, &type, address - found->start, size, variable);
    set_declaration(symbolizer, &found->unit, &found->die, variable);
    variable->is_static = found->has_function;
    if (found->has_function)
        variable->function = sym_die_name(symbolizer, &found->function);
    return true;
}

bool sym_variable(struct symbolizer *symbolizer, struct sym_binary *binary, uint64_t address,
                  uint64_t size, struct sym_variable *variable)
{
    *variable = (struct sym_variable){0};
    return binary->module &&
           (describe(symbolizer, find_variable(symbolizer, binary, address, false), address, size, variable) ||
            variable_by_symbol(symbolizer, binary, address, variable));
}

bool sym_thread_local(struct symbolizer *symbolizer, struct sym_binary *binary, uint64_t offset, uint64_t size,
                      struct sym_variable *variable)
{
    *variable = (struct sym_variable){0};
    return binary->module &&
           (describe(symbolizer, find_variable(symbolizer, binary, offset, true), offset, size, variable) ||
            thread_local_by_symbol(symbolizer, binary, offset, variable));
}

/* --- the stack ------------------------------------------------------------------------------------------------------- */

/* One location expression that holds at pc, of one operation. */
static bool one_operation(Dwarf_Die *die, unsigned attribute, Dwarf_Addr pc, Dwarf_Op *op)
{
    Dwarf_Attribute location;
    Dwarf_Op *ops;
    size_t length;
    if (!dwarf_attr_integrate(die, attribute, &location) ||
        dwarf_getlocation_addr(&location, pc, &ops, &length, 1) != 1 || length != 1)
        return false;
    *op = ops[0];
    return true;
}

enum { RBP = 6, RSP = 7 };

/* The stack pointer at the place in the frame: what call frame information says of the distance. */
static bool stack_pointer(struct sym_binary *binary, const struct sym_frame *frame, uint64_t *sp)
{
    Dwarf_Addr bias;
    Dwarf_Frame *rules = NULL;
    Dwarf_Op *ops;
    size_t count;
    Dwarf_CFI *cfi = dwfl_module_eh_cfi(binary->module, &bias);
    if (!cfi || dwarf_cfi_addrframe(cfi, frame->pc + binary->bias - bias, &rules) != 0)
        return false;
    bool known = dwarf_frame_cfa(rules, &ops, &count) == 0 && count == 1 &&
                 (ops[0].atom == DW_OP_breg0 + RSP || (ops[0].atom == DW_OP_bregx && ops[0].number == RSP));
    if (known)
        *sp = frame->cfa - (ops[0].atom == DW_OP_bregx ? ops[0].number2 : ops[0].number);
    free(rules);
    return known;
}

/* What an operation of a location in that frame is relative to, and with it the address. A function that keeps its frame in
 * rbp has pushed it below its return address. */
static bool frame_address(struct sym_binary *binary, const struct sym_frame *frame, const Dwarf_Op *op, uint64_t *address)
{
    enum { BELOW = 16 };
    bool based = op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31;
    unsigned reg = (unsigned)(op->atom - (based ? DW_OP_breg0 : DW_OP_reg0));
    *address = frame->cfa;
    if (op->atom == DW_OP_call_frame_cfa)
        return true;
    if (reg == RBP)
        *address = frame->cfa - BELOW;
    else if (reg != RSP || !stack_pointer(binary, frame, address))
        return false;
    *address += based ? op->number : 0;
    return true;
}

/* What is looked for on the stack, and the variable that contains it. */
struct local {
    struct sym_binary *binary;
    const struct sym_frame *frame;
    Dwarf_Addr pc; /* in the unit */
    uint64_t base; /* what DW_OP_fbreg is relative to, if has_base */
    bool has_base;
    uint64_t address;
    Dwarf_Die found, type;
    uint64_t start; /* of the variable */
    unsigned count; /* of variables that contain the bytes */
};

/* The variable lies there at that place in the function: does it contain what is looked for? */
static void try_place(struct local *local, Dwarf_Die *die, const Dwarf_Op *op, const struct sym_frame *frame)
{
    Dwarf_Die type;
    uint64_t start;
    if (op->atom == DW_OP_fbreg && local->has_base)
        start = local->base + op->number;
    else if (op->atom != DW_OP_breg0 + RSP || !frame_address(local->binary, frame, op, &start))
        return;
    if (!sym_type_of(die, &type) || local->address < start || local->address - start >= sym_size_of(&type))
        return;
    local->found = *die;
    local->type = type;
    local->start = start;
    local->count++;
}

static void try_local(struct local *local, Dwarf_Die *die)
{
    Dwarf_Op op;
    if (one_operation(die, DW_AT_location, local->pc, &op))
        try_place(local, die, &op, local->frame);
}

/* Where it lay elsewhere in the function: its address has been taken there, and debug information may lose sight of it. */
static void try_local_anywhere(struct local *local, Dwarf_Die *die)
{
    Dwarf_Attribute location;
    Dwarf_Op *ops;
    Dwarf_Addr base, start, end;
    size_t length;
    ptrdiff_t next = 0;
    unsigned before = local->count;
    if (!dwarf_attr_integrate(die, DW_AT_location, &location))
        return;
    while (local->count == before && (next = dwarf_getlocations(&location, next, &base, &start, &end, &ops, &length)) > 0) {
        struct sym_frame there = {start + local->frame->pc - local->pc, local->frame->cfa};
        if (length == 1)
            try_place(local, die, &ops[0], &there);
    }
}

/* The variables of a scope; with `deep` those of the scopes inside it as well. */
static void try_scope(struct local *local, Dwarf_Die *scope, bool deep, int depth)
{
    Dwarf_Die child;
    if (depth > MAX_TYPE_DEPTH || dwarf_child(scope, &child) != 0)
        return;
    do {
        int tag = dwarf_tag(&child);
        if (tag == DW_TAG_variable || tag == DW_TAG_formal_parameter)
            (deep ? try_local_anywhere : try_local)(local, &child);
        else if (deep && (tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine))
            try_scope(local, &child, true, depth + 1);
    } while (dwarf_siblingof(&child, &child) == 0);
}

/* Those that are in scope at pc, from the inside out; then any of the function's, if it is the only one there: it was in scope
 * when its address was taken. `scopes` ends with the function. */
static bool find_local(struct local *local, Dwarf_Die *scopes, int count)
{
    for (int i = 0; i < count && !local->count; i++)
        try_scope(local, &scopes[i], false, 0);
    if (local->count)
        return true;
    try_scope(local, &scopes[count - 1], true, 0);
    return local->count == 1;
}

static int scopes_of_function(Dwarf_Die *scopes, int count)
{
    for (int i = 0; i < count; i++)
        if (dwarf_tag(&scopes[i]) == DW_TAG_subprogram)
            return i + 1;
    return 0;
}

bool sym_local(struct symbolizer *symbolizer, struct sym_binary *binary, const struct sym_frame *frame, uint64_t address,
               uint64_t size, struct sym_variable *variable)
{
    Dwarf_Die unit, *scopes = NULL;
    struct local local = {.binary = binary, .frame = frame, .address = address};
    Dwarf_Op op;
    *variable = (struct sym_variable){0};
    if (!binary->module || !sym_find_unit(binary, frame->pc + binary->bias, &unit, &local.pc))
        return false;
    Dwarf_Die whole = sym_full_unit(&unit);
    int all = sym_scopes(&whole, local.pc, &scopes), count = all > 0 ? scopes_of_function(scopes, all) : 0;
    if (count)
        variable->function = sym_die_name(symbolizer, &scopes[count - 1]);
    local.has_base = count && one_operation(&scopes[count - 1], DW_AT_frame_base, local.pc, &op) &&
                     frame_address(binary, frame, &op, &local.base);
    if (count && find_local(&local, scopes, count))
        variable->name = sym_die_name(symbolizer, &local.found);
    if (all > 0)
        free(scopes);
    if (!variable->name)
        return false;
    sym_member_path(symbolizer, &local.type, address - local.start, size, variable);
    set_declaration(symbolizer, &whole, &local.found, variable);
    return true;
}
