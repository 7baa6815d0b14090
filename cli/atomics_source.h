/* SPDX-License-Identifier: MIT */
/* Source files, looked at for atomic operations, since builtins such as __atomic_load_n leave no trace in debug information:
 * where they are named, directly, through macros, or as objects of atomic type. No parser: tokens, parentheses and
 * names are enough to say of an instruction's line and column what it may be.
 *
 * Used in two steps: all files are read, with what they include, for their macros; then each is scanned. */
#ifndef DETECT_CLI_ATOMICS_SOURCE_H
#define DETECT_CLI_ATOMICS_SOURCE_H

#include "atomics_names.h"

enum span_op { SPAN_LOAD = 1, SPAN_STORE = 2 };
#define SPAN_NAMES 3

/* From the name of an atomic operation to the end of its operands; both ends belong to it. */
struct atomic_span {
    uint32_t line, column, end_line, end_column;
    uint8_t op;    /* enum span_op; 0: nothing is known of the moves in it */
    uint8_t rule;  /* enum atomics_rule */
    bool local;    /* the operand may lie on the stack */
    uint8_t sizes; /* that the operand may have: bits 1, 2, 4, 8; 0: any */
    const struct name *names[SPAN_NAMES]; /* of the operands */
    uint8_t name_count;      /* SPAN_NAMES + 1: more than that, or not known */
};

enum line_flag { LINE_UNKNOWN = 1, LINE_VOLATILE = 2 };

struct atomic_source {
    const char *path;
    const char *text; /* NULL: the file is missing, or newer than the binary */
    size_t size;
    struct atomic_span *spans; /* ascending by their beginning */
    size_t span_count, span_capacity;
    uint8_t *lines; /* enum line_flag of each, from 1 on */
    size_t line_count;
    bool macros_read, scanned, complete; /* complete: all that it includes was found */
};

struct atomic_sources {
    struct pool *pool;
    int64_t newest; /* time of the binary: what is newer is not what it was made of */
    struct names paths, macros, functions;
    struct names *names; /* of data */
    bool types_are_silent; /* debug information has no word for atomic types (before DWARF 5): declarations are read */
    struct atomic_source **list;
    size_t count, capacity;
    const char **directories; /* where includes are looked for */
    size_t directory_count, directory_capacity;
    uint64_t bytes;
};

void sources_init(struct atomic_sources *sources, struct pool *pool, struct names *names, int64_t newest);
/* Opened once per path, and its macros read. */
struct atomic_source *sources_get(struct atomic_sources *sources, const char *path);
void sources_add_directory(struct atomic_sources *sources, const char *path);
/* The names in the sources' `names` and `functions` are complete now. */
void source_scan(struct atomic_sources *sources, struct atomic_source *source);
/* The span that contains the place, the innermost if there are several; column 0 stands for the whole line. */
const struct atomic_span *source_span(const struct atomic_source *source, uint32_t line, uint32_t column);

/* --- between the files of the scanner (atomics_tokens.c, atomics_macros.c) ------------------------------------------ */

enum token_kind {
    TOKEN_NAME = 1,
    TOKEN_OTHER, /* a number, a string, a character */
    TOKEN_ARROW,
    TOKEN_ASSIGN,  /* = */
    TOKEN_CHANGE,  /* += and so on, ++, -- */
    TOKEN_ATOMIC_PRAGMA, /* its text is what follows "omp atomic" */
    TOKEN_REDUCTION_PRAGMA,
    TOKEN_DEFINE, TOKEN_INCLUDE, /* their text is what follows the word */
    /* any other: the character itself, from 32 on */
};

struct token {
    const char *text;
    uint32_t length, line, column;
    uint8_t kind;
};

struct tokens {
    struct token *list;
    size_t count, capacity; /* malloc'ed */
};

/* Directives other than those above are left out, as is what comments say. */
void tokens_read(struct tokens *tokens, const char *text, size_t size);
bool token_is(const struct token *token, const char *text);

struct macro {
    uint8_t op, rule;
    bool atomic, is_volatile, has_arguments, unknown; /* unknown: atomic in one definition, not in another */
};
/* What the macro comes to in the end; false: there is none of that name. */
bool macro_resolve(struct atomic_sources *sources, const struct token *name, struct macro *macro);
/* Whether an asm statement's text, between the two tokens, moves to or from memory by hand. */
bool asm_moves(const struct token *open, const struct token *close);
/* Names that a declaration, whose first token is at `at`, makes atomic. */
void declaration_read(struct atomic_sources *sources, const struct tokens *tokens, size_t at);
void macros_read(struct atomic_sources *sources, struct atomic_source *source);
/* The builtins and functions of <stdatomic.h>: whether it is one, and its operation. */
bool atomic_function(const struct token *name, uint8_t *op);

#endif
