/* SPDX-License-Identifier: MIT */
/* libdw and libdwfl behind symbolize.h. One Dwfl session per binary, at its own addresses (bias 0). */
#include "symbolize_inner.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demangle.h"
#include "paths.h"

#define MAX_INLINED 64

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

bool sym_find_unit(struct sym_binary *binary, Dwarf_Addr address, Dwarf_Die *unit, Dwarf_Addr *pc)
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

Dwarf_Die sym_full_unit(const Dwarf_Die *unit)
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

const char *sym_source_path(struct symbolizer *symbolizer, Dwarf_Die *unit, const char *file)
{
    return file ? path_join(symbolizer->pool, compilation_dir(unit), file) : NULL;
}

const char *sym_die_name(struct symbolizer *symbolizer, Dwarf_Die *die)
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
        place->file = sym_source_path(symbolizer, unit, dwarf_filesrc(files, file, NULL, NULL));
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
    place->file = sym_source_path(symbolizer, unit, dwarf_linesrc(line, NULL, NULL));
    place->line = (unsigned)number;
    if (dwarf_linecol(line, &column) == 0 && column > 0)
        place->column = (unsigned)column;
}

/* dwarf_getscopes alone goes on with the scopes of an inlined function's definition. */
int sym_scopes(Dwarf_Die *unit, Dwarf_Addr pc, Dwarf_Die **scopes)
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
    int count = sym_scopes(unit, pc, &scopes);
    size_t used = 0;
    bool complete = false;
    for (int i = 0; i < count && !complete && used < MAX_INLINED; i++) {
        int tag = dwarf_tag(&scopes[i]);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        places[used].function = sym_die_name(symbolizer, &scopes[i]);
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

const char *sym_symbol_name(struct symbolizer *symbolizer, struct sym_binary *binary,
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
    if (sym_find_unit(binary, inside, &unit, &pc)) {
        set_line(symbolizer, &unit, pc, &places[0]);
        Dwarf_Die whole = sym_full_unit(&unit);
        count = inline_chain(symbolizer, &whole, pc, places);
    }
    if (!places[count - 1].function) {
        GElf_Sym symbol;
        GElf_Off offset;
        places[count - 1].function = sym_symbol_name(symbolizer, binary, inside, &symbol, &offset);
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
