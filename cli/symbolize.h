/* SPDX-License-Identifier: MIT */
/* Addresses in a binary as functions, files and lines, and data addresses as variables; symbolize*.c are
 * the project's only includers of libdw. Called by resolve.c.
 *
 * A binary is only trusted if its build-id is the one that the report recorded; separate debug files are
 * found by build-id and debuglink. The network is used only if that was asked for. */
#ifndef DETECT_CLI_SYMBOLIZE_H
#define DETECT_CLI_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool.h"

struct symbolizer;
struct sym_binary;

enum sym_state {
    SYM_READ,
    SYM_MISSING, /* no file there */
    SYM_CHANGED, /* another build than the one that ran */
    SYM_FOREIGN, /* not readable, or not an ELF file */
};

struct sym_place {
    const char *function, *file; /* NULL: unknown */
    unsigned line, column;       /* 0: unknown */
    bool inlined;
};

struct sym_variable {
    const char *name; /* with its member path: "table[3].lock" */
    const char *file; /* of its declaration, or NULL */
    unsigned line;
    const char *function;   /* whose local or static variable it is, or NULL */
    const char *bit_fields; /* "ready, dirty": these share the bytes in question; NULL: not so */
    bool is_static; /* of a function, which may have no name */
    bool is_whole; /* the bytes are all of what the name says, or a bit-field of theirs */
    bool is_volatile, is_atomic; /* as declared, itself or something that it is part of */
};

/* `debug_dir` may be NULL. */
struct symbolizer *sym_create(struct pool *pool, const char *debug_dir, bool debuginfod);
void sym_free(struct symbolizer *symbolizer);
/* Opened once per path and build-id. `build_id` (hex) may be NULL: then it is not compared. */
struct sym_binary *sym_binary(struct symbolizer *symbolizer, const char *path, const char *build_id);
enum sym_state sym_state(const struct sym_binary *binary);
/* The places of a code address, innermost inlined function first; at least one, whose function may be
 * NULL. `address` is one of the file's (p_vaddr). */
size_t sym_places(struct symbolizer *symbolizer, struct sym_binary *binary, uint64_t address,
                  const struct sym_place **places);
/* The variable that the `size` bytes at `address` (0: unknown) are or are part of. */
bool sym_variable(struct symbolizer *symbolizer, struct sym_binary *binary, uint64_t address,
                  uint64_t size, struct sym_variable *variable);
/* The same in thread-local storage: `offset` in the binary's segment of it. */
bool sym_thread_local(struct symbolizer *symbolizer, struct sym_binary *binary, uint64_t offset, uint64_t size,
                      struct sym_variable *variable);
/* A call under way: `pc` is a place in the function's code, its canonical frame address (DWARF 5, 6.4) is `cfa`. */
struct sym_frame {
    uint64_t pc, cfa;
};
/* The same on the stack. False with variable->function set: in that function's frame, but of no variable. */
bool sym_local(struct symbolizer *symbolizer, struct sym_binary *binary, const struct sym_frame *frame, uint64_t address,
               uint64_t size, struct sym_variable *variable);

/* A line of code that touches `size` bytes at `offset` in a heap block. */
struct sym_use {
    uint64_t pc;
    const char *text; /* the line */
    const char *function; /* which it is part of; NULL unknown */
    uint64_t offset, size, block_size;
};
/* "job.state": the structure and the member that is meant, where that is beyond doubt; else NULL. */
const char *sym_used_member(struct symbolizer *symbolizer, struct sym_binary *binary, const struct sym_use *use);

#endif
