/* SPDX-License-Identifier: MIT */
/* From the line tables of a module to candidates for atomic operations, and to code that is known to have none.
 *
 * An includer of libdw besides the symbolizer: whole line tables are read here, single addresses there. */
#include <stdlib.h>
#include <string.h>

#include "atomics_flow.h"
#include "atomics_link.h"
#include "atomics_types.h"
#include "paths.h"

#define MOST_LEVELS 2 /* "<library/part/header.h>" */

/* How the code of a source file is judged. */
enum file_kind { FILE_SCANNED, FILE_ATOMIC_LIBRARY, FILE_PLAIN, FILE_UNKNOWN };

struct work {
    struct atomics_table *table;
    struct symbolizer *symbolizer;
    struct atomic_sources sources;
    struct names names, kinds; /* `kinds`: of paths, enum file_kind + 1 as their data */
    struct code code;
    struct candidates candidates;
    int64_t bias; /* from the debug information's addresses to the file's */
    bool llvm, optimised; /* the unit */
    struct {
        const char *file, *path;
    } last; /* of a unit's table of files, where a file has one name: its path is made once */
};

static const struct atomic_span library_span = {.op = SPAN_LOAD | SPAN_STORE, .rule = ATOMICS_BY_LIBRARY, .local = true};

/* --- files --------------------------------------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), length = strlen(end);
    return size >= length && strcmp(text + size - length, end) == 0;
}

/* Headers and modules that consist of atomic operations: libstdc++, libc++, Boost, Rust, Concurrency Kit, libatomic_ops. */
static bool is_atomic_library(const char *path)
{
    static const char *const ends[] = {"/bits/atomic_base.h", "/ext/atomicity.h", "/bits/atomic_wait.h",
                                       "/bits/atomic_timed_wait.h", "/bits/shared_ptr_atomic.h", "/core/src/sync/atomic.rs",
                                       "/libcore/sync/atomic.rs", "/c++/v1/atomic", "/c++/v1/__support/atomic_support.h",
                                       "/ck_pr.h"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (ends_with(path, ends[i]))
            return true;
    return (strstr(path, "/c++/") && (ends_with(path, "/atomic") || strstr(path, "/__atomic/"))) ||
           strstr(path, "/boost/atomic/") || strstr(path, "/atomic_ops/");
}

static enum file_kind judge(struct work *work, const char *path)
{
    if (is_atomic_library(path))
        return FILE_ATOMIC_LIBRARY;
    if (ends_with(path, ".rs"))
        return FILE_PLAIN; /* atomics are library functions in Rust, and these always inlined from there */
    if (sources_get(&work->sources, path)->text)
        return FILE_SCANNED;
    table_add_missing(work->table, path);
    return FILE_UNKNOWN;
}

static enum file_kind kind_of(struct work *work, const char *path)
{
    struct name *name = names_get(&work->kinds, path, strlen(path));
    if (!name->data)
        name->data = (void *)(uintptr_t)(judge(work, path) + 1u);
    return (enum file_kind)((uintptr_t)name->data - 1);
}

/* --- units ---------------------------------------------------------------------------------------------------------------- */

static const char *producer_of(Dwarf_Die *unit)
{
    Dwarf_Attribute attribute;
    const char *text = dwarf_formstring(dwarf_attr(unit, DW_AT_producer, &attribute));
    return text ? text : "";
}

/* clang and rustc do not say how they were called: optimised code has variables that move. */
static bool has_location_lists(Dwarf_Die *unit)
{
    Dwarf_Off offset = 0;
    for (;;) {
        size_t length = 0;
        Dwarf_Abbrev *abbrev = dwarf_getabbrev(unit, offset, &length);
        if (!abbrev || abbrev == DWARF_END_ABBREV || length == 0)
            return false;
        size_t count = 0;
        dwarf_getattrcnt(abbrev, &count);
        for (size_t i = 0; i < count; i++) {
            unsigned name, form;
            Dwarf_Off at;
            if (dwarf_getabbrevattr(abbrev, i, &name, &form, &at) == 0 && name == DW_AT_location &&
                (form == DW_FORM_sec_offset || form == DW_FORM_loclistx || form == DW_FORM_data4))
                return true;
        }
        offset += length;
    }
}

static bool gcc_optimises(const char *producer)
{
    const char *last = NULL;
    for (const char *at = producer; (at = strstr(at, " -O")); at++)
        last = at;
    return last && last[3] != '0';
}

static void look_at_unit(struct work *work, Dwarf_Die *unit)
{
    const char *producer = producer_of(unit);
    work->last.file = NULL;
    work->llvm = strstr(producer, "clang") || strstr(producer, "LLVM") || strstr(producer, "rustc");
    work->optimised = strncmp(producer, "GNU", 3) == 0 ? gcc_optimises(producer) : has_location_lists(unit);
    if (work->llvm)
        work->table->flags |= ATOMICS_LLVM;
}

/* --- lines ------------------------------------------------------------------------------------------------------------------ */

struct row {
    uint64_t start, end; /* the file's addresses */
    const char *path;
    uint32_t line, column;
};

static void add_candidate(struct work *work, const struct row *row, const struct atomic_span *span)
{
    struct candidates *list = &work->candidates;
    list->list = pool_grow(work->table->pool, list->list, list->count, &list->capacity, sizeof(*list->list));
    list->list[list->count++] = (struct candidate){row->start, row->end, span, work->llvm, work->optimised};
}

static void take_scanned(struct work *work, const struct row *row)
{
    struct atomic_source *source = sources_get(&work->sources, row->path);
    source_scan(&work->sources, source);
    const struct atomic_span *span = source_span(source, row->line, row->column);
    uint8_t flags = row->line < source->line_count ? source->lines[row->line] : LINE_UNKNOWN;
    if (span)
        add_candidate(work, row, span);
    else if (!(flags & LINE_UNKNOWN))
        table_add(work->table, row->start, row->end - row->start, flags & LINE_VOLATILE ? ATOMICS_VOLATILE : 0, 0,
                  ATOMICS_PLAIN);
}

static void take_row(struct work *work, const struct row *row)
{
    if (row->line == 0 || !code_contains(&work->code, row->start, row->end))
        return;
    switch (kind_of(work, row->path)) {
    case FILE_SCANNED:
        take_scanned(work, row);
        break;
    case FILE_ATOMIC_LIBRARY:
        add_candidate(work, row, &library_span);
        break;
    case FILE_PLAIN:
        table_add(work->table, row->start, row->end - row->start, 0, 0, ATOMICS_PLAIN);
        break;
    case FILE_UNKNOWN:
        break;
    }
}

static bool row_at(struct work *work, Dwarf_Die *unit, Dwarf_Lines *lines, size_t i, struct row *row)
{
    Dwarf_Line *line = dwarf_onesrcline(lines, i), *next = dwarf_onesrcline(lines, i + 1);
    Dwarf_Addr start, end;
    int number = 0, column = 0;
    bool ends = true;
    const char *file;
    if (!line || !next || dwarf_lineendsequence(line, &ends) != 0 || ends || dwarf_lineaddr(line, &start) != 0 ||
        dwarf_lineaddr(next, &end) != 0 || end <= start || dwarf_lineno(line, &number) != 0 || number < 0 ||
        !(file = dwarf_linesrc(line, NULL, NULL)))
        return false;
    if (dwarf_linecol(line, &column) != 0 || column < 0)
        column = 0;
    if (file != work->last.file) {
        work->last.file = file;
        work->last.path = sym_source_path(work->symbolizer, unit, file);
    }
    *row = (struct row){.start = start + (uint64_t)work->bias,
                        .end = end + (uint64_t)work->bias,
                        .path = work->last.path,
                        .line = (uint32_t)number,
                        .column = (uint32_t)column};
    return true;
}

static int by_address(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* In other languages, and in assembly, nobody knows what is meant to be atomic. */
static bool is_readable(Dwarf_Die *unit)
{
    switch (dwarf_srclang(unit)) {
    case DW_LANG_C:
    case DW_LANG_C89:
    case DW_LANG_C99:
    case DW_LANG_C11:
    case DW_LANG_C_plus_plus:
    case DW_LANG_C_plus_plus_03:
    case DW_LANG_C_plus_plus_11:
    case DW_LANG_C_plus_plus_14:
    case DW_LANG_Rust:
        return true;
    default:
        return false;
    }
}

static void take_lines(struct work *work, Dwarf_Die *unit)
{
    Dwarf_Lines *lines;
    size_t count;
    if (!is_readable(unit) || dwarf_getsrclines(unit, &lines, &count) != 0)
        return;
    look_at_unit(work, unit);
    work->candidates.count = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        struct row row;
        if (row_at(work, unit, lines, i, &row))
            take_row(work, &row);
    }
    if (work->candidates.count)
        qsort(work->candidates.list, work->candidates.count, sizeof(*work->candidates.list), by_address);
    for (size_t i = 0; i < work->candidates.count; i++)
        code_decide(work->table, &work->code, &work->candidates, i);
}

/* Where the unit's includes may lie: the directories of its table of files. */
static void take_directories(struct work *work, Dwarf_Die *unit)
{
    Dwarf_Files *files;
    const char *const *directories;
    size_t count;
    if (dwarf_getsrcfiles(unit, &files, &count) != 0 || dwarf_getsrcdirs(files, &directories, &count) != 0)
        return;
    for (size_t i = 0; i < count; i++)
        if (directories[i])
            sources_add_directory(&work->sources, sym_source_path(work->symbolizer, unit, directories[i]));
}

/* A directory that the compiler searched is only in a table of files itself if a header right there has made code or types:
 * what lies in its directories tells it as well. */
static void take_directories_above(struct work *work)
{
    size_t from = 0, to = work->sources.directory_count;
    for (int level = 0; level < MOST_LEVELS; level++) {
        for (; from < to; from++) {
            const char *path = work->sources.directories[from], *slash = strrchr(path, '/');
            if (slash && slash > path)
                sources_add_directory(&work->sources, pool_text(work->table->pool, path, (size_t)(slash - path)));
        }
        to = work->sources.directory_count;
    }
}

/* --- the module ------------------------------------------------------------------------------------------------------------ */

static void each_unit(struct work *work, Dwarf *dwarf, void (*visit)(struct work *work, Dwarf_Die *unit))
{
    Dwarf_CU *cu = NULL;
    Dwarf_Die unit;
    uint8_t type;
    while (dwarf_get_units(dwarf, cu, &cu, NULL, &type, &unit, NULL) == 0)
        if (dwarf_tag(&unit) != DW_TAG_invalid)
            visit(work, &unit);
}

static void visit_types(struct work *work, Dwarf_Die *unit)
{
    Dwarf_Half version = 5;
    Dwarf_Die whole = sym_full_unit(unit);
    dwarf_cu_info(unit->cu, &version, NULL, NULL, NULL, NULL, NULL, NULL);
    work->sources.types_are_silent |= version < 5;
    take_directories(work, unit);
    types_collect(work->table, &work->sources, &whole, work->bias);
}

static void fill(struct atomics_table *table, struct symbolizer *symbolizer, struct sym_binary *binary, int64_t time,
                 const struct code *code)
{
    static const char *const standard[] = {"/usr/local/include", "/usr/include/x86_64-linux-gnu", "/usr/include"};
    Dwarf_Addr elf_bias, dwarf_bias;
    Elf *elf = dwfl_module_getelf(binary->module, &elf_bias);
    Dwarf *dwarf = elf ? dwfl_module_getdwarf(binary->module, &dwarf_bias) : NULL;
    if (!dwarf)
        return;
    struct work work = {.table = table, .symbolizer = symbolizer, .bias = (int64_t)(dwarf_bias - elf_bias)};
    names_init(&work.names, table->pool);
    names_init(&work.kinds, table->pool);
    sources_init(&work.sources, table->pool, &work.names, time);
    table->flags |= ATOMICS_DEBUG_INFO;
    work.code = *code;
    for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
        sources_add_directory(&work.sources, standard[i]);
    each_unit(&work, dwarf, visit_types);
    take_directories_above(&work);
    each_unit(&work, dwarf, take_lines);
}

void dwarf_fill_table(struct atomics_table *table, struct symbolizer *symbolizer, struct sym_binary *binary, int64_t time)
{
    struct linked linked;
    Dwarf_Addr bias;
    Elf *elf = binary->module ? dwfl_module_getelf(binary->module, &bias) : NULL;
    if (!elf)
        return;
    link_read(&linked, table->pool, elf);
    table->flags |= linked.compilers;
    fill(table, symbolizer, binary, time, &linked.code);
    flow_decide(table, &linked.code, &(struct flow_names){link_slot_name, &linked});
}
