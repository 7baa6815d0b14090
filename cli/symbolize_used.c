/* SPDX-License-Identifier: MIT */
/* Which member of which structure a line of code uses in a heap block; see sym_used_member() in symbolize.h.
 *
 * Debug information does not say what type a block has. But the line does say "->state": where the unit that it belongs to
 * has exactly one structure that fits the block and has a member of that name at that very offset and of that very size,
 * that is what is meant. More than one answer is none. */
#include "symbolize_inner.h"

#include <ctype.h>
#include <string.h>

struct used {
    struct symbolizer *symbolizer;
    const struct sym_use *use;
    const char *found; /* "job.state" */
    unsigned rank;     /* of what was found: how well the structure fits the block */
    bool ambiguous;
};

static bool is_word_char(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* Whether the line has the word as a member: behind "->" or ".", or alone where the members of `this` are meant. */
static bool names_member(const char *text, const char *word, size_t n, bool of_this)
{
    for (const char *at = text; n && (at = strstr(at, word)); at++) {
        bool behind = at > text && (at[-1] == '.' || (at - text > 1 && at[-1] == '>' && at[-2] == '-'));
        bool alone = of_this && (at == text || !is_word_char(at[-1]));
        if ((behind || alone) && !is_word_char(at[n]))
            return true;
    }
    return false;
}

/* Whether the function is a member of the class: "shop::Store::sell" of "shop::Store". */
static bool is_method(const char *function, const char *name)
{
    size_t n = strlen(name);
    return function && strncmp(function, name, n) == 0 && strncmp(function + n, "::", 2) == 0;
}

/* The last member's name in a path such as ".u.parts[3]". */
static bool path_is_named(struct symbolizer *symbolizer, const struct sym_use *use, const char *path, bool of_this)
{
    size_t end = strlen(path);
    while (end && path[end - 1] == ']')
        while (end && path[--end] != '[')
            continue;
    size_t start = end;
    while (start && is_word_char(path[start - 1]))
        start--;
    return names_member(use->text, pool_text(symbolizer->pool, path + start, end - start), end - start, of_this);
}

enum { TOO_SMALL, BEGINS, ELEMENT, WHOLE };

/* How a block may consist of the type: it is one, an array of them, or begins with one. */
static unsigned rank_of(const struct sym_use *use, uint64_t size, uint64_t *offset)
{
    *offset = use->offset;
    if (size == use->block_size)
        return WHOLE;
    if (size && use->block_size % size == 0) {
        *offset = use->offset % size;
        return ELEMENT;
    }
    return size && use->offset + use->size <= size && size < use->block_size ? BEGINS : TOO_SMALL;
}

static void try_type(struct used *used, Dwarf_Die *type, const char *name)
{
    struct sym_variable variable = {.name = ""};
    uint64_t offset, size = sym_size_of(type);
    unsigned rank = rank_of(used->use, size, &offset);
    if (rank == TOO_SMALL || rank < used->rank)
        return;
    sym_member_path(used->symbolizer, type, offset, used->use->size, &variable);
    if (!*variable.name || !variable.is_whole || !path_is_named(used->symbolizer, used->use, variable.name, is_method(used->use->function, name)))
        return;
    const char *found = pool_printf(used->symbolizer->pool, "%s%s", name, variable.name);
    used->ambiguous = rank == used->rank && (used->ambiguous || strcmp(found, used->found) != 0);
    used->found = found;
    used->rank = rank;
}

static bool is_structure(Dwarf_Die *die)
{
    int tag = dwarf_tag(die);
    return (tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type);
}

static void try_children(struct used *used, Dwarf_Die *parent, const char *prefix, int depth);

/* A structure with a name, or the one that a typedef gives its only name. */
static void try_die(struct used *used, Dwarf_Die *die, const char *prefix, int depth)
{
    const char *name = dwarf_diename(die);
    Dwarf_Die target;
    Dwarf_Attribute attribute;
    if (is_structure(die) && name) {
        name = pool_printf(used->symbolizer->pool, "%s%s", prefix, name);
        try_type(used, die, name);
        try_children(used, die, pool_printf(used->symbolizer->pool, "%s::", name), depth + 1);
    } else if (dwarf_tag(die) == DW_TAG_typedef && name && sym_type_of(die, &target) && is_structure(&target) &&
               !dwarf_diename(&target)) {
        try_type(used, &target, pool_printf(used->symbolizer->pool, "%s%s", prefix, name));
    } else if (dwarf_tag(die) == DW_TAG_namespace) {
        try_children(used, die, name ? pool_printf(used->symbolizer->pool, "%s%s::", prefix, name) : prefix, depth + 1);
    } else if (dwarf_tag(die) == DW_TAG_imported_unit &&
               dwarf_formref_die(dwarf_attr(die, DW_AT_import, &attribute), &target)) {
        try_children(used, &target, prefix, depth + 1);
    }
}

static void try_children(struct used *used, Dwarf_Die *parent, const char *prefix, int depth)
{
    Dwarf_Die child;
    if (depth > MAX_TYPE_DEPTH || dwarf_child(parent, &child) != 0)
        return;
    do
        try_die(used, &child, prefix, depth);
    while (dwarf_siblingof(&child, &child) == 0);
}

const char *sym_used_member(struct symbolizer *symbolizer, struct sym_binary *binary, const struct sym_use *use)
{
    Dwarf_Die unit;
    Dwarf_Addr pc;
    if (!binary->module || !sym_find_unit(binary, use->pc + binary->bias, &unit, &pc))
        return NULL;
    struct used used = {.symbolizer = symbolizer, .use = use};
    Dwarf_Die whole = sym_full_unit(&unit);
    try_children(&used, &whole, "", 0);
    return used.ambiguous ? NULL : used.found;
}
