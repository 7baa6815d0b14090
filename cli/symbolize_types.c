/* SPDX-License-Identifier: MIT */
/* Types in debug information: the way from a variable to one of its members. See symbolize_inner.h. */
#include "symbolize_inner.h"

#include "paths.h"

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

/* The member of a structure that contains `offset`, which becomes relative to it. */
static bool find_member(Dwarf_Die *type, uint64_t *offset, Dwarf_Die *member)
{
    if (dwarf_child(type, member) != 0)
        return false;
    do {
        Dwarf_Attribute attribute;
        Dwarf_Word at = 0;
        Dwarf_Die member_type;
        int tag = dwarf_tag(member);
        if (tag != DW_TAG_member && tag != DW_TAG_inheritance)
            continue;
        if (dwarf_attr(member, DW_AT_external, &attribute))
            continue; /* a static member lies elsewhere */
        if (dwarf_attr(member, DW_AT_data_member_location, &attribute) &&
            dwarf_formudata(&attribute, &at) != 0)
            continue;
        if (sym_type_of(member, &member_type) && *offset >= at && *offset - at < sym_size_of(&member_type)) {
            *offset -= at;
            return true;
        }
    } while (dwarf_siblingof(member, member) == 0);
    return false;
}

/* The number of elements of the array's inner dimensions, for each of its dimensions in turn. */
static const char *array_path(struct symbolizer *symbolizer, Dwarf_Die *array, uint64_t index,
                              const char *path)
{
    uint64_t bounds[8], inner = 1;
    size_t dimensions = 0;
    Dwarf_Die child;
    if (dwarf_child(array, &child) != 0)
        return path;
    do {
        Dwarf_Attribute attribute;
        Dwarf_Word value = 0;
        if (dwarf_tag(&child) != DW_TAG_subrange_type || dimensions == 8)
            continue;
        if (dwarf_formudata(dwarf_attr(&child, DW_AT_upper_bound, &attribute), &value) == 0)
            value++;
        else if (dwarf_formudata(dwarf_attr(&child, DW_AT_count, &attribute), &value) != 0)
            value = 1;
        bounds[dimensions++] = value ? value : 1;
    } while (dwarf_siblingof(&child, &child) == 0);
    for (size_t i = 1; i < dimensions; i++)
        inner *= bounds[i];
    for (size_t i = 0; i < dimensions && inner; i++) {
        path = pool_printf(symbolizer->pool, "%s[%llu]", path, (unsigned long long)(index / inner));
        index %= inner;
        inner = i + 1 < dimensions ? inner / bounds[i + 1] : 1;
    }
    return path;
}

/* Appends the path from a variable of `type` to the object at `offset` in it. It ends at the object's
 * own type: pthread_mutex_t's and std::mutex's insides are of no interest. */
const char *sym_member_path(struct symbolizer *symbolizer, Dwarf_Die *outer, uint64_t offset,
                               uint64_t size, const char *path)
{
    Dwarf_Die type = *outer, next;
    for (int depth = 0; depth < MAX_TYPE_DEPTH; depth++) {
        int tag = dwarf_tag(&type);
        if (offset == 0 && from_system_header(symbolizer, &type) && sym_size_of(&type) <= size)
            return path;
        if (tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type) {
            Dwarf_Die member;
            if (!find_member(&type, &offset, &member) || !sym_type_of(&member, &next))
                return path;
            const char *name = dwarf_tag(&member) == DW_TAG_member ? dwarf_diename(&member) : NULL;
            if (name && !(name[0] == '_' && from_system_header(symbolizer, &type))) /* std::array's _M_elems */
                path = pool_printf(symbolizer->pool, "%s.%s", path, name);
        } else if (tag == DW_TAG_array_type) {
            uint64_t element = sym_type_of(&type, &next) ? sym_size_of(&next) : 0;
            if (!element)
                return path;
            path = array_path(symbolizer, &type, offset / element, path);
            offset %= element;
        } else if (!sym_type_of(&type, &next) || tag == DW_TAG_pointer_type) {
            return path; /* a base type */
        }
        type = next;
    }
    return path;
}
