/* SPDX-License-Identifier: MIT */
/* What the report files say, as plain data and with raw addresses: processes with their modules,
 * threads, findings, limits and statistics. Filled record by record; document.c makes sense of it.
 *
 * All memory is of the model's pool and stays put: pointers to elements are kept while arrays of
 * pointers grow. */
#ifndef DETECT_CLI_MODEL_H
#define DETECT_CLI_MODEL_H

#include "pool.h"
#include "reader.h"

struct raw_access {
    uint32_t flags; /* enum report_access; 0: none */
    uint64_t address, size;
};

struct raw_stack {
    const char *role; /* "" if none was given */
    uint32_t thread;
    struct raw_access access;
    const uint64_t *frames; /* frame_t of analysis/stackdepot.h, innermost first */
    size_t count;
};

struct raw_module {
    uint32_t index;
    const char *path, *build_id; /* build_id: hex, NULL unknown */
    uint64_t bias, size;
};

struct raw_thread {
    uint32_t number, creator;
    const char *name; /* NULL: none */
    uint64_t tid;
    struct raw_stack created;
};

struct raw_block {
    uint64_t address, size; /* size 0: there is none */
    uint32_t thread;
    struct raw_stack allocated;
};

struct raw_object {
    const char *what;
    const char *name; /* of what is no memory: a descriptor, state of libc's; or NULL */
    uint64_t address, size, place, on_stack_of, tls_of, tls_place;
    const uint64_t *stack_frame; /* the three of TAG_STACK_FRAME, or NULL */
    struct raw_block block;
    struct raw_stack created;
    bool by_first_use;
};

struct raw_held {
    uint32_t thread, object; /* object: index in the finding's objects */
    bool shared;
    struct raw_stack acquired;
};

struct raw_finding {
    struct raw_process *process;
    uint32_t number, replaces;
    const char *kind, *confidence, *message;
    const char *because; /* NULL: nothing to say */
    uint32_t *threads;
    size_t thread_count;
    struct raw_stack *stacks;
    size_t stack_count, stack_capacity;
    struct raw_object *objects;
    size_t object_count, object_capacity;
    struct raw_object *further; /* other objects that the same code did the same to */
    size_t further_count, further_capacity;
    struct raw_held *held;
    size_t held_count, held_capacity;
    uint64_t truncated, count;
    bool withdrawn; /* or replaced by another one */
    bool printed;   /* `run` has shown it while the program ran */
};

struct raw_limit {
    const char *code, *text;
    uint64_t count;
};

/* An instruction that was taken for an atomic operation. */
struct raw_atomic {
    const char *rule, *what;
    const uint64_t *frames; /* one */
    size_t frame_count;
};

struct raw_stat {
    const char *name;
    uint64_t value;
};

struct raw_process {
    const char *path; /* of the report file */
    uint64_t pid, parent, time, mode, status;
    bool has_hello, under_run, ended;
    bool alive; /* still runs although the program has ended; set by run.c */
    uint64_t version;
    const char *program, *reason;
    const char **args; /* argv[0] first */
    size_t arg_count, arg_capacity;
    struct raw_module **modules;
    size_t module_count, module_capacity;
    struct raw_thread **threads;
    size_t thread_count, thread_capacity;
    struct raw_finding **findings;
    size_t finding_count, finding_capacity;
    struct raw_limit **limits;
    size_t limit_count, limit_capacity;
    struct raw_atomic **atomics;
    size_t atomic_count, atomic_capacity;
    struct raw_stat **stats;
    size_t stat_count, stat_capacity;
    uint64_t malformed; /* records with a good checksum that make no sense */
    uint64_t unknown;   /* records of a type that this version does not know */
};

struct model {
    struct pool *pool;
    struct raw_process **processes;
    size_t process_count, process_capacity;
};

void model_init(struct model *model, struct pool *pool);
struct raw_process *model_add_process(struct model *model, const char *path);
/* False if the record says that a newer version wrote the file: nothing more of it is understood. */
bool model_record(struct model *model, struct raw_process *process, const struct record *record);

const struct raw_module *process_module(const struct raw_process *process, uint32_t index);
const struct raw_thread *process_thread(const struct raw_process *process, uint32_t number);
/* Something that the CLI itself has to say, once however often it comes up. */
void process_limit(struct model *model, struct raw_process *process, const char *code,
                   const char *text);

#endif
