/* SPDX-License-Identifier: MIT */
/* Types in debug information: the way from a variable to one of its members. See symbolize_inner.h. */
#include "symbolize_inner.h"

#include <string.h>

#include "paths.h"

#define UNKNOWN_SIZE 64 /* the most that an object of an unknown size may have */

bool sym_type_of(Dwarf_Die *die, Dwarf_Die *type)
{
    Dwarf_Attribute attribute;
    return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), type) != NULL;
}

uint64_t sym_size_of(Dwarf_Die *type)
{
    Dwarf_Word size;
    return dwarf_aggregate_size(type, &size) == 0 ? size : 0;
}

/* As dwarf_decl_file, which asserts that the unit has a table of files; split units may have none. */
const char *sym_declared_in(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    Dwarf_Word file;
    Dwarf_Die unit;
    Dwarf_Files *files;
    size_t count;
    if (dwarf_formudata(dwarf_attr_integrate(die, DW_AT_decl_file, &attribute), &file) != 0 ||
        !dwarf_cu_die(attribute.cu, &unit, NULL, NULL, NULL, NULL, NULL, NULL) ||
        dwarf_getsrcfiles(&unit, &files, &count) != 0 || file >= count)
        return NULL;
    return dwarf_filesrc(files, file, NULL, NULL);
}

/* clang writes /usr/bin/../lib/gcc/…/include/c++ where gcc writes /usr/include/c++. */
static bool from_system_header(struct symbolizer *symbolizer, Dwarf_Die *type)
{
    const char *file = sym_declared_in(type);
    return file && path_is_system(path_join(symbolizer->pool, "", file));
}

static bool number_of(Dwarf_Die *die, unsigned name, uint64_t *value)
{
    Dwarf_Attribute attribute;
    Dwarf_Word word;
    if (dwarf_formudata(dwarf_attr(die, name, &attribute), &word) != 0)
        return false;
    *value = word;
    return true;
}

/* A type that is another one's name, or that one with a qualifier. */
static bool is_alias(Dwarf_Die *type)
{
    switch (dwarf_tag(type)) {
    case DW_TAG_volatile_type:
    case DW_TAG_atomic_type:
    case DW_TAG_typedef:
    case DW_TAG_const_type:
    case DW_TAG_restrict_type: return true;
    default: return false;
    }
}

/* --- members ----------------------------------------------------------------------------------------------------- */

/* The bytes of a member, relative to its structure; of a bit-field, those that any of its bits lie in. */
static bool member_range(Dwarf_Die *member, uint64_t *start, uint64_t *size, bool *is_bits)
{
    Dwarf_Die type;
    Dwarf_Attribute attribute;
    uint64_t bits = 0, first = 0, unit = 0;
    int tag = dwarf_tag(member);
    if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) || dwarf_attr(member, DW_AT_external, &attribute) ||
        !sym_type_of(member, &type))
        return false; /* a static member lies elsewhere */
    *start = 0;
    *size = sym_size_of(&type);
    if (dwarf_attr(member, DW_AT_data_member_location, &attribute) &&
        !number_of(member, DW_AT_data_member_location, start))
        return false; /* of a virtual base class: only the object knows */
    *is_bits = number_of(member, DW_AT_bit_size, &bits) && bits;
    if (!*is_bits)
        return true;
    if (number_of(member, DW_AT_bit_offset, &first)) { /* before DWARF 4: from the unit's most significant bit */
        if (!number_of(member, DW_AT_byte_size, &unit))
            unit = *size;
        first = *start * 8 + unit * 8 - first - bits;
    } else if (!number_of(member, DW_AT_data_bit_offset, &first)) {
        first = *start * 8;
    }
    *start = first / 8;
    *size = (first + bits + 7) / 8 - *start;
    return true;
}

/* What is looked for: bytes relative to a type. */
struct range {
    uint64_t offset, size;
};

/* How well a type fits a range that lies in it: best if one of its members, or of theirs, is just that. */
static unsigned fit(Dwarf_Die *outer, const struct range *range, int depth);

static bool member_contains(Dwarf_Die *member, const struct range *range, struct range *inside)
{
    uint64_t start, size;
    bool is_bits;
    if (!member_range(member, &start, &size, &is_bits) || is_bits || range->offset < start ||
        range->offset - start >= size || range->offset - start + range->size > size)
        return false;
    *inside = (struct range){range->offset - start, range->size};
    return true;
}

/* The member that contains all of the range; of a union's several the one that fits best. 0: there is none. */
static unsigned find_member(Dwarf_Die *type, const struct range *range, Dwarf_Die *found, int depth)
{
    Dwarf_Die member, inner;
    struct range inside;
    unsigned best = 0;
    if (dwarf_child(type, &member) != 0)
        return 0;
    do {
        if (!member_contains(&member, range, &inside) || !sym_type_of(&member, &inner))
            continue;
        unsigned fits = fit(&inner, &inside, depth + 1);
        if (fits > best) {
            best = fits;
            *found = member;
        }
    } while (dwarf_siblingof(&member, &member) == 0);
    return best;
}

static unsigned fit(Dwarf_Die *outer, const struct range *range, int depth)
{
    enum { CONTAINS = 1, EXACT = 2 };
    Dwarf_Die type = *outer, element, member;
    while ((dwarf_tag(&type) == DW_TAG_array_type || is_alias(&type)) && sym_type_of(&type, &element))
        type = element;
    uint64_t size = sym_size_of(&type);
    struct range inside = {size ? range->offset % size : 0, range->size};
    if (depth > MAX_TYPE_DEPTH || (inside.offset == 0 && size == inside.size))
        return EXACT;
    unsigned best = find_member(&type, &inside, &member, depth);
    return best > CONTAINS ? best : CONTAINS;
}

/* The names of the bit-fields that have bits in the range, and how many there are. */
static size_t bit_fields(struct symbolizer *symbolizer, Dwarf_Die *type, const struct range *range, const char **names)
{
    Dwarf_Die member;
    size_t count = 0;
    *names = "";
    if (dwarf_child(type, &member) != 0)
        return 0;
    do {
        uint64_t start, size;
        bool is_bits;
        const char *name = dwarf_diename(&member);
        if (!name || !member_range(&member, &start, &size, &is_bits) || !is_bits ||
            start >= range->offset + range->size || start + size <= range->offset)
            continue;
        *names = pool_printf(symbolizer->pool, "%s%s%s", *names, count++ ? ", " : "", name);
    } while (dwarf_siblingof(&member, &member) == 0);
    return count;
}

/* --- arrays ------------------------------------------------------------------------------------------------------- */

#define MOST_DIMENSIONS 8

static size_t array_bounds(Dwarf_Die *array, uint64_t *bounds)
{
    size_t dimensions = 0;
    Dwarf_Die child;
    if (dwarf_child(array, &child) != 0)
        return 0;
    do {
        uint64_t value = 0;
        if (dwarf_tag(&child) != DW_TAG_subrange_type || dimensions == MOST_DIMENSIONS)
            continue;
        if (number_of(&child, DW_AT_upper_bound, &value))
            value++;
        else if (!number_of(&child, DW_AT_count, &value))
            value = 1;
        bounds[dimensions++] = value ? value : 1;
    } while (dwarf_siblingof(&child, &child) == 0);
    return dimensions;
}

/* Appends "[i][j]" for the element with that number, counted through all dimensions. */
static const char *array_path(struct symbolizer *symbolizer, Dwarf_Die *array, uint64_t index,
                              const char *path)
{
    uint64_t bounds[MOST_DIMENSIONS], inner = 1;
    size_t dimensions = array_bounds(array, bounds);
    for (size_t i = 1; i < dimensions; i++)
        inner *= bounds[i];
    for (size_t i = 0; i < dimensions && inner; i++) {
        path = pool_printf(symbolizer->pool, "%s[%llu]", path, (unsigned long long)(index / inner));
        index %= inner;
        inner = i + 1 < dimensions ? inner / bounds[i + 1] : 1;
    }
    return path;
}

/* --- the way down --------------------------------------------------------------------------------------------------- */

/* Goes through a typedef or qualifier, which is noted. False: it is none. */
static bool peel(Dwarf_Die *type, struct sym_variable *variable)
{
    int tag = dwarf_tag(type);
    variable->is_volatile |= tag == DW_TAG_volatile_type;
    variable->is_atomic |= tag == DW_TAG_atomic_type;
    return is_alias(type) && sym_type_of(type, type);
}

/* One step into a structure. False: the way ends here. */
static bool into_structure(struct symbolizer *symbolizer, Dwarf_Die *type, struct range *range,
                           struct sym_variable *variable)
{
    Dwarf_Die member;
    uint64_t start, size;
    bool is_bits;
    if (!find_member(type, range, &member, 0)) {
        const char *names;
        size_t count = bit_fields(symbolizer, type, range, &names);
        if (count == 1) {
            variable->name = pool_printf(symbolizer->pool, "%s.%s", variable->name, names);
            variable->is_whole = true;
        }
        if (count > 1)
            variable->bit_fields = names;
        return false;
    }
    member_range(&member, &start, &size, &is_bits);
    range->offset -= start;
    const char *name = dwarf_tag(&member) == DW_TAG_member ? dwarf_diename(&member) : NULL;
    if (name && !(name[0] == '_' && from_system_header(symbolizer, type))) /* std::array's _M_elems */
        variable->name = pool_printf(symbolizer->pool, "%s.%s", variable->name, name);
    return sym_type_of(&member, type);
}

static bool into_array(struct symbolizer *symbolizer, Dwarf_Die *type, struct range *range,
                       struct sym_variable *variable)
{
    Dwarf_Die next;
    uint64_t element = sym_type_of(type, &next) ? sym_size_of(&next) : 0;
    if (!element || (range->offset == 0 && range->size > element && range->size >= sym_size_of(type)))
        return false; /* all of it */
    variable->name = array_path(symbolizer, type, range->offset / element, variable->name);
    range->offset %= element;
    *type = next;
    return range->offset + range->size <= element;
}

/* `at` and `range` end at what the way leads to. */
static void go_down(struct symbolizer *symbolizer, Dwarf_Die *at, struct range *range, uint64_t most,
                    struct sym_variable *variable)
{
    for (int depth = 0; depth < MAX_TYPE_DEPTH; depth++) {
        int tag = dwarf_tag(at);
        if (range->offset == 0 && from_system_header(symbolizer, at) && sym_size_of(at) <= most)
            return; /* pthread_mutex_t's and std::mutex's insides are of no interest */
        if (tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type) {
            if (!into_structure(symbolizer, at, range, variable))
                return;
        } else if (tag == DW_TAG_array_type) {
            if (!into_array(symbolizer, at, range, variable))
                return;
        } else if (!peel(at, variable)) {
            return; /* a base type, a pointer */
        }
    }
}

void sym_member_path(struct symbolizer *symbolizer, Dwarf_Die *outer, uint64_t offset, uint64_t size,
                     struct sym_variable *variable)
{
    Dwarf_Die type = *outer;
    struct range range = {offset, size ? size : 1};
    go_down(symbolizer, &type, &range, size ? size : UNKNOWN_SIZE, variable);
    variable->is_whole |= range.offset == 0 && sym_size_of(&type) == size;
}
