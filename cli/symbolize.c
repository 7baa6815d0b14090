/* SPDX-License-Identifier: MIT */
/* libdw and libdwfl behind symbolize.h. One Dwfl session per binary, at its own addresses (bias 0). */
#include "symbolize.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demangle.h"
#include "paths.h"

#define MAX_TYPE_DEPTH 32 /* of nested types; damaged debug information may have cycles */
#define MAX_INLINED 64

struct variable {
    uint64_t start, size;
    Dwarf_Die die;
    Dwarf_Die unit;
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

static int find_no_elf(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
                       char **file, Elf **elf)
{
    (void)mod, (void)userdata, (void)name, (void)base, (void)file, (void)elf;
    return -1; /* the file was given to dwfl_report_elf */
}

struct symbolizer *sym_create(struct pool *pool, const char *debug_dir, bool debuginfod)
{
    struct symbolizer *symbolizer = pool_alloc(pool, sizeof(*symbolizer));
    symbolizer->pool = pool;
    char *full = debug_dir ? realpath(debug_dir, NULL) : NULL;
    symbolizer->debug_path = full ? pool_printf(pool, ":.debug:%s:/usr/lib/debug", full)
                                  : pool_printf(pool, ":.debug:/usr/lib/debug");
    symbolizer->debug_dirs[0] = full ? pool_text(pool, full, strlen(full)) : NULL;
    symbolizer->debug_dirs[1] = "/usr/lib/debug";
    free(full);
    if (!debuginfod)
        unsetenv("DEBUGINFOD_URLS"); /* libdwfl asks these servers by itself */
    symbolizer->callbacks = (Dwfl_Callbacks){.find_elf = find_no_elf,
                                             .find_debuginfo = dwfl_standard_find_debuginfo,
                                             .debuginfo_path = &symbolizer->debug_path};
    return symbolizer;
}

static void close_binary(struct sym_binary *binary)
{
    if (binary->dwfl)
        dwfl_end(binary->dwfl);
    binary->dwfl = NULL;
    binary->module = NULL;
}

void sym_free(struct symbolizer *symbolizer)
{
    for (size_t i = 0; i < symbolizer->count; i++)
        close_binary(symbolizer->binaries[i]);
}

/* --- opening a binary -------------------------------------------------------------------------------- */

static bool same_build_id(Dwfl_Module *module, const char *hex)
{
    const unsigned char *bits;
    GElf_Addr where;
    int size = dwfl_module_build_id(module, &bits, &where);
    if (!hex || !*hex)
        return true; /* the linker made none */
    if (size <= 0 || strlen(hex) != (size_t)size * 2)
        return false;
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < size; i++)
        if (hex[2 * i] != digits[bits[i] >> 4] || hex[2 * i + 1] != digits[bits[i] & 15])
            return false;
    return true;
}

static enum sym_state open_file(struct symbolizer *symbolizer, struct sym_binary *binary,
                                const char *path)
{
    if (access(path, F_OK) != 0)
        return SYM_MISSING;
    binary->dwfl = dwfl_begin(&symbolizer->callbacks);
    if (!binary->dwfl)
        return SYM_FOREIGN;
    binary->module = dwfl_report_elf(binary->dwfl, path, path, -1, 0, true);
    dwfl_report_end(binary->dwfl, NULL, NULL);
    enum sym_state state = SYM_FOREIGN;
    if (binary->module && dwfl_module_getelf(binary->module, &binary->bias))
        state = same_build_id(binary->module, binary->build_id) ? SYM_READ : SYM_CHANGED;
    if (state != SYM_READ)
        close_binary(binary);
    return state;
}

/* The file that ran is gone or replaced: its debug file may still be there under its build-id. */
static bool open_by_build_id(struct symbolizer *symbolizer, struct sym_binary *binary)
{
    if (!binary->build_id || strlen(binary->build_id) < 4 || strchr(binary->build_id, '/'))
        return false;
    for (size_t i = 0; i < 2; i++) {
        if (!symbolizer->debug_dirs[i])
            continue;
        const char *path = pool_printf(symbolizer->pool, "%s/.build-id/%.2s/%s.debug",
                                       symbolizer->debug_dirs[i], binary->build_id,
                                       binary->build_id + 2);
        if (open_file(symbolizer, binary, path) == SYM_READ)
            return true;
    }
    return false;
}

struct sym_binary *sym_binary(struct symbolizer *symbolizer, const char *path, const char *build_id)
{
    for (size_t i = 0; i < symbolizer->count; i++) {
        struct sym_binary *known = symbolizer->binaries[i];
        if (strcmp(known->path, path) == 0 &&
            strcmp(known->build_id ? known->build_id : "", build_id ? build_id : "") == 0)
            return known;
    }
    struct sym_binary *binary = pool_alloc(symbolizer->pool, sizeof(*binary));
    binary->path = path;
    binary->build_id = build_id;
    binary->state = open_file(symbolizer, binary, path);
    if (binary->state != SYM_READ && open_by_build_id(symbolizer, binary))
        binary->state = SYM_READ;
    symbolizer->binaries = pool_grow(symbolizer->pool, symbolizer->binaries, symbolizer->count,
                                     &symbolizer->capacity, sizeof(struct sym_binary *));
    return symbolizer->binaries[symbolizer->count++] = binary;
}

enum sym_state sym_state(const struct sym_binary *binary) { return binary->state; }

/* --- code -------------------------------------------------------------------------------------------- */

/* The unit of an address: by .debug_aranges, and where a compiler makes none (clang), unit by unit. */
static bool find_unit(struct sym_binary *binary, Dwarf_Addr address, Dwarf_Die *unit, Dwarf_Addr *pc)
{
    Dwarf_Addr bias = 0;
    Dwarf_Die *found = dwfl_module_addrdie(binary->module, address, &bias);
    if (!found) {
        Dwarf_Die *candidate = NULL;
        while ((candidate = dwfl_module_nextcu(binary->module, candidate, &bias)))
            if (dwarf_haspc(candidate, address - bias) > 0) {
                found = candidate;
                break;
            }
    }
    if (!found)
        return false;
    *unit = *found;
    *pc = address - bias;
    return true;
}

/* With split DWARF the unit in the binary is a skeleton, and the functions are in the .dwo file. */
static Dwarf_Die full_unit(const Dwarf_Die *unit)
{
    Dwarf_Die whole = *unit, split;
    uint8_t type;
    if (dwarf_cu_info(unit->cu, NULL, &type, NULL, &split, NULL, NULL, NULL) == 0 &&
        type == DW_UT_skeleton && dwarf_tag(&split) != DW_TAG_invalid)
        whole = split;
    return whole;
}

static const char *compilation_dir(Dwarf_Die *unit)
{
    Dwarf_Attribute attribute;
    const char *dir = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
    return dir ? dir : "";
}

static const char *source_path(struct symbolizer *symbolizer, Dwarf_Die *unit, const char *file)
{
    return file ? path_join(symbolizer->pool, compilation_dir(unit), file) : NULL;
}

static const char *die_name(struct symbolizer *symbolizer, Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    const char *linkage =
        dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
    if (!linkage)
        linkage = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute));
    if (linkage)
        return demangle(symbolizer->pool, linkage);
    const char *name = dwarf_diename(die);
    return name ? pool_text(symbolizer->pool, name, strlen(name)) : NULL;
}

static unsigned unsigned_attribute(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) != 0 || value > UINT_MAX)
        return 0;
    return (unsigned)value;
}

/* Where an inlined function was called: the place of the next frame out. */
static void set_call_place(struct symbolizer *symbolizer, Dwarf_Die *unit, Dwarf_Die *inlined,
                           struct sym_place *place)
{
    Dwarf_Files *files;
    size_t count;
    unsigned file = unsigned_attribute(inlined, DW_AT_call_file);
    place->file = NULL;
    if (dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count)
        place->file = source_path(symbolizer, unit, dwarf_filesrc(files, file, NULL, NULL));
    place->line = unsigned_attribute(inlined, DW_AT_call_line);
    place->column = unsigned_attribute(inlined, DW_AT_call_column);
}

static void set_line(struct symbolizer *symbolizer, Dwarf_Die *unit, Dwarf_Addr pc,
                     struct sym_place *place)
{
    Dwarf_Line *line = dwarf_getsrc_die(unit, pc);
    int number = 0, column = 0;
    if (!line || dwarf_lineno(line, &number) != 0 || number <= 0)
        return;
    place->file = source_path(symbolizer, unit, dwarf_linesrc(line, NULL, NULL));
    place->line = (unsigned)number;
    if (dwarf_linecol(line, &column) == 0 && column > 0)
        place->column = (unsigned)column;
}

/* The scopes that enclose pc, innermost first, as they are nested in the code (dwarf_getscopes alone
 * goes on with the scopes of an inlined function's definition). */
static int physical_scopes(Dwarf_Die *unit, Dwarf_Addr pc, Dwarf_Die **scopes)
{
    Dwarf_Die *innermost;
    if (dwarf_getscopes(unit, pc, &innermost) <= 0)
        return 0;
    int count = dwarf_getscopes_die(&innermost[0], scopes);
    free(innermost);
    return count;
}

/* Writes the chain of functions at pc to `places`; the first one has its line already. */
static size_t inline_chain(struct symbolizer *symbolizer, Dwarf_Die *unit, Dwarf_Addr pc,
                           struct sym_place *places)
{
    Dwarf_Die *scopes;
    int count = physical_scopes(unit, pc, &scopes);
    size_t used = 0;
    bool complete = false;
    for (int i = 0; i < count && !complete && used < MAX_INLINED; i++) {
        int tag = dwarf_tag(&scopes[i]);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        places[used].function = die_name(symbolizer, &scopes[i]);
        complete = tag == DW_TAG_subprogram;
        places[used].inlined = !complete;
        used++;
        if (!complete)
            set_call_place(symbolizer, unit, &scopes[i], &places[used]);
    }
    if (count > 0)
        free(scopes);
    return used + !complete;
}

static const char *symbol_name(struct symbolizer *symbolizer, struct sym_binary *binary,
                               Dwarf_Addr address, GElf_Sym *symbol, GElf_Off *offset)
{
    const char *name =
        dwfl_module_addrinfo(binary->module, address, offset, symbol, NULL, NULL, NULL);
    return name && *name ? demangle(symbolizer->pool, pool_text(symbolizer->pool, name, strlen(name)))
                         : NULL;
}

static size_t look_up(struct symbolizer *symbolizer, struct sym_binary *binary, uint64_t address,
                      struct sym_place *places)
{
    Dwarf_Addr inside = address + binary->bias, pc;
    Dwarf_Die unit;
    size_t count = 1;
    if (find_unit(binary, inside, &unit, &pc)) {
        set_line(symbolizer, &unit, pc, &places[0]);
        Dwarf_Die whole = full_unit(&unit);
        count = inline_chain(symbolizer, &whole, pc, places);
    }
    if (!places[count - 1].function) {
        GElf_Sym symbol;
        GElf_Off offset;
        places[count - 1].function = symbol_name(symbolizer, binary, inside, &symbol, &offset);
    }
    return count;
}

size_t sym_places(struct symbolizer *symbolizer, struct sym_binary *binary, uint64_t address,
                  const struct sym_place **places)
{
    for (size_t i = 0; i < binary->known_count; i++)
        if (binary->known[i].address == address) {
            *places = binary->known[i].places;
            return binary->known[i].count;
        }
    struct sym_place found[MAX_INLINED + 1] = {{0}};
    size_t count = binary->module ? look_up(symbolizer, binary, address, found) : 1;
    struct sym_place *kept = pool_alloc(symbolizer->pool, count * sizeof(*kept));
    memcpy(kept, found, count * sizeof(*kept));
    binary->known = pool_grow(symbolizer->pool, binary->known, binary->known_count,
                              &binary->known_capacity, sizeof(*binary->known));
    binary->known[binary->known_count++] = (struct known_address){address, kept, count};
    *places = kept;
    return count;
}

/* --- data -------------------------------------------------------------------------------------------- */

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

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
    Dwarf_Attribute attribute;
    return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), type) != NULL;
}

static uint64_t size_of(Dwarf_Die *type)
{
    Dwarf_Word size;
    return dwarf_aggregate_size(type, &size) == 0 ? size : 0;
}

static void add_variable(struct symbolizer *symbolizer, struct sym_binary *binary, Dwarf_Die *unit,
                         Dwarf_Die *die)
{
    Dwarf_Addr start;
    Dwarf_Die type;
    if (!fixed_address(die, &start) || !type_of(die, &type))
        return;
    binary->variables = pool_grow(symbolizer->pool, binary->variables, binary->variable_count,
                                  &binary->variable_capacity, sizeof(*binary->variables));
    binary->variables[binary->variable_count++] =
        (struct variable){.start = start, .size = size_of(&type), .die = *die, .unit = *unit};
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
        Dwarf_Die whole = full_unit(unit);
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

/* As dwarf_decl_file, which asserts that the unit has a table of files; split units may have none. */
static const char *declared_in(Dwarf_Die *die)
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
    const char *file = declared_in(type);
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
        if (type_of(member, &member_type) && *offset >= at && *offset - at < size_of(&member_type)) {
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
static const char *member_path(struct symbolizer *symbolizer, Dwarf_Die *outer, uint64_t offset,
                               uint64_t size, const char *path)
{
    Dwarf_Die type = *outer, next;
    for (int depth = 0; depth < MAX_TYPE_DEPTH; depth++) {
        int tag = dwarf_tag(&type);
        if (offset == 0 && from_system_header(symbolizer, &type) && size_of(&type) <= size)
            return path;
        if (tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type) {
            Dwarf_Die member;
            if (!find_member(&type, &offset, &member) || !type_of(&member, &next))
                return path;
            const char *name = dwarf_tag(&member) == DW_TAG_member ? dwarf_diename(&member) : NULL;
            if (name && !(name[0] == '_' && from_system_header(symbolizer, &type))) /* std::array's _M_elems */
                path = pool_printf(symbolizer->pool, "%s.%s", path, name);
        } else if (tag == DW_TAG_array_type) {
            uint64_t element = type_of(&type, &next) ? size_of(&next) : 0;
            if (!element)
                return path;
            path = array_path(symbolizer, &type, offset / element, path);
            offset %= element;
        } else if (!type_of(&type, &next) || tag == DW_TAG_pointer_type) {
            return path; /* a base type */
        }
        type = next;
    }
    return path;
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
    const char *name = symbol_name(symbolizer, binary, address + binary->bias, &symbol, &offset);
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
    const char *name = found ? die_name(symbolizer, &found->die) : NULL;
    if (!name || !type_of(&found->die, &type))
        return variable_by_symbol(symbolizer, binary, address, variable);
    int line = 0;
    variable->name = member_path(symbolizer, &type, address - found->start, size ? size : 64, name);
    variable->file = source_path(symbolizer, &found->unit, declared_in(&found->die));
    if (dwarf_decl_line(&found->die, &line) == 0 && line > 0)
        variable->line = (unsigned)line;
    return true;
}
