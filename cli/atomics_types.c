/* SPDX-License-Identifier: MIT */
/* See atomics_types.h. */
#include "atomics_types.h"

#include <string.h>

#define MOST_OBJECT 4096      /* bytes of a global object, beyond which its places have to do */
#define MOST_ELEMENTS 256     /* of one array, and members of one structure */
#define MOST_NESTING 8

/* --- types -------------------------------------------------------------------------------------------------------------- */

struct type_facts {
    uint64_t size;
    uint8_t kind;
    Dwarf_Die type; /* without qualifiers, typedefs, and arrays */
    bool known;
};

static bool is_record(int tag)
{
    return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

/* std::atomic and what it is made of; GLib's GOnce, which the macro g_once() reads in place. */
static bool is_atomic_class(Dwarf_Die *type)
{
    const char *name = is_record(dwarf_tag(type)) ? dwarf_diename(type) : NULL;
    return name && (strncmp(name, "atomic<", 7) == 0 || strncmp(name, "__atomic_base<", 14) == 0 ||
                    strcmp(name, "atomic_flag") == 0 || strncmp(name, "Atomic", 6) == 0 || strcmp(name, "_GOnce") == 0);
}

static struct type_facts facts_of(Dwarf_Die *die)
{
    struct type_facts facts = {.kind = NAME_PLAIN};
    Dwarf_Die type;
    if (!sym_type_of(die, &type))
        return facts;
    for (int depth = 0; depth < MAX_TYPE_DEPTH; depth++) {
        int tag = dwarf_tag(&type);
        if (tag == DW_TAG_atomic_type || is_atomic_class(&type))
            facts.kind = NAME_ATOMIC;
        else if (tag == DW_TAG_volatile_type && facts.kind == NAME_PLAIN)
            facts.kind = NAME_VOLATILE;
        if (tag != DW_TAG_atomic_type && tag != DW_TAG_volatile_type && tag != DW_TAG_const_type && tag != DW_TAG_typedef &&
            tag != DW_TAG_array_type && tag != DW_TAG_restrict_type)
            break;
        if (!sym_type_of(&type, &type))
            return facts;
    }
    facts.type = type;
    facts.size = sym_size_of(&type);
    facts.known = true;
    return facts;
}

/* --- names ---------------------------------------------------------------------------------------------------------------- */

static void add_name(struct atomic_sources *sources, Dwarf_Die *die, bool local, uint64_t address)
{
    const char *text = dwarf_diename(die);
    struct type_facts facts, pointee = {0};
    if (!text || !(facts = facts_of(die)).known)
        return;
    if (dwarf_tag(&facts.type) == DW_TAG_pointer_type)
        pointee = facts_of(&facts.type);
    Dwarf_Attribute attribute;
    Dwarf_Word offset = 0;
    bool is_member = dwarf_tag(die) == DW_TAG_member;
    if (is_member && dwarf_attr(die, DW_AT_data_member_location, &attribute))
        dwarf_formudata(&attribute, &offset);
    Dwarf_Die outer;
    struct name_variant variant = {.size = facts.size,
                                   .address = address,
                                   .extent = address && sym_type_of(die, &outer) ? sym_size_of(&outer) : 0,
                                   .pointee = pointee.known ? pointee.size : 0,
                                   .offset = is_member ? (int64_t)offset : -1,
                                   .kind = facts.kind,
                                   .pointee_kind = pointee.known ? pointee.kind : 0,
                                   .local = local};
    names_add(sources->names, names_get(sources->names, text, strlen(text)), &variant);
}

/* --- global objects ------------------------------------------------------------------------------------------------------- */

static void add_object(struct atomics_table *table, Dwarf_Die *holder, uint64_t address, int depth);

static void add_members(struct atomics_table *table, Dwarf_Die *type, uint64_t address, int depth)
{
    Dwarf_Die member;
    int count = 0;
    if (dwarf_child(type, &member) != 0)
        return;
    do {
        Dwarf_Attribute attribute;
        Dwarf_Word offset = 0;
        int tag = dwarf_tag(&member);
        if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) || dwarf_attr(&member, DW_AT_external, &attribute))
            continue;
        if (dwarf_attr(&member, DW_AT_data_member_location, &attribute) && dwarf_formudata(&attribute, &offset) != 0)
            continue;
        add_object(table, &member, address + offset, depth + 1);
    } while (++count < MOST_ELEMENTS && dwarf_siblingof(&member, &member) == 0);
}

/* Of a variable or member at the address: what is atomic in it. */
static void add_object(struct atomics_table *table, Dwarf_Die *holder, uint64_t address, int depth)
{
    struct type_facts facts = facts_of(holder);
    Dwarf_Die outer;
    uint64_t whole = facts.known && sym_type_of(holder, &outer) ? sym_size_of(&outer) : 0;
    if (depth > MOST_NESTING || whole == 0 || whole > MOST_OBJECT || facts.size == 0)
        return;
    if (facts.kind == NAME_ATOMIC) {
        table_add_object(table, address, whole);
    } else if (is_record(dwarf_tag(&facts.type))) {
        for (uint64_t i = 0; i < whole / facts.size && i < MOST_ELEMENTS; i++)
            add_members(table, &facts.type, address + i * facts.size, depth);
    }
}

static bool fixed_address(Dwarf_Die *die, Dwarf_Addr *address)
{
    Dwarf_Attribute location, operand;
    Dwarf_Op *ops;
    size_t count;
    if (!dwarf_attr(die, DW_AT_location, &location) || dwarf_getlocation(&location, &ops, &count) != 0 || count != 1)
        return false;
    if (ops[0].atom == DW_OP_addr) {
        *address = ops[0].number;
        return true;
    }
    return (ops[0].atom == DW_OP_addrx || ops[0].atom == DW_OP_GNU_addr_index) &&
           dwarf_getlocation_attr(&location, &ops[0], &operand) == 0 && dwarf_formaddr(&operand, address) == 0;
}

/* --- the unit ----------------------------------------------------------------------------------------------------------------- */

struct walk {
    struct atomics_table *table;
    struct atomic_sources *sources;
    int64_t bias;
    bool names; /* C: names in the source are of interest */
};

static void take_variable(const struct walk *walk, Dwarf_Die *die, bool in_function)
{
    Dwarf_Addr address;
    bool is_fixed = fixed_address(die, &address);
    if (is_fixed)
        add_object(walk->table, die, address + (uint64_t)walk->bias, 0);
    if (walk->names)
        add_name(walk->sources, die, in_function && !is_fixed, is_fixed ? address + (uint64_t)walk->bias : 0);
}

static void walk_children(const struct walk *walk, Dwarf_Die *parent, bool in_function, int depth)
{
    Dwarf_Die child;
    if (depth > MAX_TYPE_DEPTH || dwarf_child(parent, &child) != 0)
        return;
    do {
        int tag = dwarf_tag(&child);
        const char *name;
        switch (tag) {
        case DW_TAG_variable:
        case DW_TAG_formal_parameter:
            take_variable(walk, &child, in_function);
            break;
        case DW_TAG_member:
            if (walk->names)
                add_name(walk->sources, &child, false, 0);
            break;
        case DW_TAG_subprogram:
            if (walk->names && (name = dwarf_diename(&child)))
                names_get(&walk->sources->functions, name, strlen(name));
            walk_children(walk, &child, true, depth + 1);
            break;
        case DW_TAG_lexical_block:
        case DW_TAG_namespace:
            walk_children(walk, &child, in_function, depth + 1);
            break;
        case DW_TAG_structure_type:
        case DW_TAG_union_type:
        case DW_TAG_class_type:
            if (walk->names)
                walk_children(walk, &child, in_function, depth + 1);
            break;
        default:
            break;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
}

static bool is_c(Dwarf_Die *unit)
{
    switch (dwarf_srclang(unit)) {
    case DW_LANG_C:
    case DW_LANG_C89:
    case DW_LANG_C99:
    case DW_LANG_C11:
        return true;
    default:
        return false;
    }
}

void types_collect(struct atomics_table *table, struct atomic_sources *sources, Dwarf_Die *unit, int64_t bias)
{
    struct walk walk = {table, sources, bias, is_c(unit)};
    walk_children(&walk, unit, false, 0);
}
