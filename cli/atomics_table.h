/* SPDX-License-Identifier: MIT */
/* One module's table of atomic operations, made from its debug information, its sources and its code: what
 * report/atomics_format.h describes. Runs in a process of its own (atomics_serve.c), so what is damaged costs no more than
 * the table. */
#ifndef DETECT_CLI_ATOMICS_TABLE_H
#define DETECT_CLI_ATOMICS_TABLE_H

#include "atomics_source.h"
#include "report/atomics_format.h"
#include "symbolize.h"

struct atomics_table {
    struct pool *pool;
    uint32_t flags; /* enum atomics_module_flag */
    struct atomics_place *places;
    size_t place_count, place_capacity;
    struct atomics_object *objects;
    size_t object_count, object_capacity;
    bool objects_sorted;
    struct atomics_place *single; /* instructions that the code itself says something of, whatever the source says */
    size_t single_count, single_capacity;
    const char **missing; /* source files that were not there */
    size_t missing_count, missing_capacity;
};

void table_add(struct atomics_table *table, uint64_t start, uint64_t length, uint16_t flags, uint8_t size, uint8_t rule);
/* One instruction. With rule ATOMICS_OPEN, its flags are added to what is known of it otherwise. */
void table_add_single(struct atomics_table *table, uint64_t start, uint64_t length, uint16_t flags, uint8_t rule);
void table_add_object(struct atomics_table *table, uint64_t address, uint64_t size);
/* Whether the address lies in an object of atomic type that was added so far. */
bool table_has_object(struct atomics_table *table, uint64_t address);
void table_add_missing(struct atomics_table *table, const char *path);
/* Sorted and without overlaps; the whole file, in the pool. */
const void *table_finish(struct atomics_table *table, const char *build_id, size_t *size);
/* Whether the bytes are a whole file of this version for this build-id. */
bool table_is_valid(const void *bytes, size_t size, const char *build_id);
/* The paths behind the table, each terminated; NULL at the end. `at` NULL: the first. */
const char *table_next_missing(const void *bytes, const char *at);

/* --- from its parts ---------------------------------------------------------------------------------------------------- */

/* Code that belongs to one source place; the operands in it are decided one by one. */
struct candidate {
    uint64_t start, end; /* the file's addresses */
    const struct atomic_span *span;
    bool llvm, optimised;
};

/* Ascending, not overlapping. */
struct candidates {
    struct candidate *list;
    size_t count, capacity;
};

struct code {
    const unsigned char *bytes; /* the ELF file */
    size_t size;
    struct code_segment {
        uint64_t start, end, offset; /* executable, of the file */
    } segments[16];
    size_t segment_count;
};

/* atomics_code.c: the instructions of the i-th candidate go to the table, decided. */
void code_decide(struct atomics_table *table, const struct code *code, const struct candidates *candidates, size_t i);
bool code_contains(const struct code *code, uint64_t start, uint64_t end);

/* atomics_dwarf.c: everything that the binary's debug information and its sources say. */
void dwarf_fill_table(struct atomics_table *table, struct symbolizer *symbolizer, struct sym_binary *binary,
                      int64_t time);

#endif
