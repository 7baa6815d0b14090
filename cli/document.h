/* SPDX-License-Identifier: MIT */
/* What is printed, complete and as plain data: symbolised, named, merged over processes, suppressed,
 * sorted. Made from the model by document.c and resolve.c; the printers (output.h) only lay it out.
 *
 * Texts are as the program gave them; a printer escapes what its format needs. NULL and 0 mean unknown. */
#ifndef DETECT_CLI_DOCUMENT_H
#define DETECT_CLI_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool.h"
#include "report/format.h"

struct doc_frame {
    const char *function, *file, *module;
    const char *shown_file, *shown_module; /* short, for people */
    unsigned line, column;
    uint64_t offset; /* in the module; an address if there is no module */
    bool inlined;
    bool own; /* the program's own code, not libc's or a system header's */
};

/* What a thread did to memory. */
struct doc_access {
    uint32_t flags;   /* enum report_access; 0: none */
    const char *kind; /* "read", "write", "atomic read-modify-write" …; NULL: the stack is that of no access */
    uint64_t address, size;
};

struct doc_stack {
    const char *role; /* complete: "waits for mutex \"a\"" */
    struct doc_access access;
    const char *label; /* of the thread, NULL if it belongs to none */
    uint32_t thread;
    struct doc_frame *frames; /* innermost first */
    size_t count;
    size_t shown; /* how many say something to people: without the start-up code of libc */
    size_t own;   /* index of the first frame of the program's own code; count if there is none */
    const char *source; /* the source line of that frame */
    unsigned column;    /* in it, from 1 on, 0: unknown */
};

struct doc_thread {
    uint32_t id;
    const char *name, *label; /* label: "thread 2 (worker)" */
    const char *creator;      /* label of the thread that created it */
    const struct doc_stack *created_at;
};

struct doc_object {
    const char *what, *name, *label; /* label: `mutex "a"` */
    uint64_t address, size;
    const char *place;                     /* "libfoo.so+0x4040" if it lies in a module */
    const char *declared, *shown_declared; /* "file:line" */
    const struct doc_stack *allocated_at;
    bool by_first_use;
    /* Of memory: */
    bool is_memory;
    const char *where;      /* a sentence: where it lies, and what it is part of */
    const char *function;   /* whose local or static variable it is */
    const char *bit_fields; /* "ready, dirty": they share the bytes in question */
    bool is_volatile, is_atomic; /* as declared */
    bool is_static;              /* of a function */
    uint32_t on_stack_of;   /* thread, 0: none */
    uint64_t offset, block_size; /* in a heap block; block_size 0: in none */
};

struct doc_lock {
    const struct doc_object *object;
    bool shared;
    const struct doc_stack *acquired_at;
};

struct doc_held {
    uint32_t thread;
    const char *label;
    struct doc_lock *locks;
    size_t count;
};

struct doc_finding {
    const char *kind, *message, *command;
    const char **hints; /* what would mend it: of this finding, else of its kind */
    size_t hint_count, hint_capacity;
    const char **reasons; /* sentences: why nothing orders the accesses of a race */
    size_t reason_count, reason_capacity;
    const char *because; /* what a possible finding assumes, or what proves a certain one */
    enum finding_confidence confidence;
    const char *confidence_name;
    uint64_t pid, count, processes; /* processes: how many it was found in */
    bool elsewhere;                 /* not in the program itself but in another process of the run */
    char fingerprint[17];
    bool printed;      /* at once, while the program ran */
    uint64_t identity; /* equal for the same mistake in several processes */
    struct doc_thread *threads;
    size_t thread_count;
    struct doc_stack *stacks;
    size_t stack_count;
    struct doc_object *objects;
    size_t object_count;
    struct doc_object *further; /* other objects that the same code did the same to */
    size_t further_count, further_capacity;
    struct doc_held *held;
    size_t held_count;
    uint64_t truncated;
    const char *suppression; /* a line for a suppressions file; NULL if not asked for */
};

struct doc_limit {
    const char *code, *text;
    uint64_t count;
};

/* Where in the program something was taken for an atomic operation, and why (--explain-atomics). */
struct doc_atomic {
    const char *what, *rule;
    const char *function, *file, *shown_file, *module; /* NULL: unknown */
    unsigned line;
    uint64_t offset; /* in the module */
};

struct doc_stat {
    const char *name;
    uint64_t value;
};

struct document {
    const char *program;
    const char *const *args;
    size_t arg_count;
    bool has_status;
    int status; /* of the program, as a shell shows it */
    struct doc_finding **findings; /* certain and predicted, then possible, then notes */
    size_t count, capacity;
    struct doc_limit *limits;
    size_t limit_count, limit_capacity;
    struct doc_atomic *atomics; /* by place, each once */
    size_t atomic_count, atomic_capacity;
    struct doc_stat *stats;
    size_t stat_count, stat_capacity;
    size_t by_confidence[CONFIDENCE_COUNT];
    size_t processes;
    uint64_t suppressed, notes_hidden;
    size_t counting; /* findings that count for the status */
    const char **unused_suppressions;
    size_t unused_count, unused_capacity;
};

/* 0 if there is none of that name. */
uint64_t document_stat(const struct document *document, const char *name);

#endif
