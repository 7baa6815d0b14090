/* SPDX-License-Identifier: MIT */
/* What resolve.c (a finding and its stacks, threads and locks) and resolve_memory.c (accesses and what they touch) share. */
#ifndef DETECT_CLI_RESOLVE_INNER_H
#define DETECT_CLI_RESOLVE_INNER_H

#include "resolve.h"

#define RESOLVE_FRAME_BITS REPORT_FRAME_OFFSET_BITS

/* What is being resolved, and into what. */
struct work {
    struct resolver *resolver;
    struct pool *pool;
    const struct raw_finding *raw;
    struct raw_process *process;
    struct doc_finding *finding;
};

/* --- resolve.c ---------------------------------------------------------------------------------------------------- */

/* NULL if its symbols cannot be had, which is told in the limits. */
struct sym_binary *resolve_binary(struct work *work, const struct raw_module *module);
const char *resolve_thread_label(struct work *work, uint32_t number);
/* NULL if nothing is known. */
const struct doc_stack *resolve_new_stack(struct work *work, const struct raw_stack *raw, const char *role);

/* "file:line" of the program's own code on that stack, or its function; NULL if nothing is known. */
const char *resolve_own_place(struct work *work, const struct doc_stack *stack);

/* --- resolve_memory.c ---------------------------------------------------------------------------------------------- */

/* What lies at a place in a module: name and declaration, as far as they are known. */
void resolve_name_by_place(struct work *work, struct doc_object *object, uint64_t place);
void resolve_memory(struct work *work, struct doc_object *object, const struct raw_object *raw);
/* What the stack's access is called; its role, if nobody gave one. `earlier`: it is the earlier of the two. */
void resolve_access(struct work *work, struct doc_stack *stack, const struct raw_access *raw, bool earlier);
/* The message of a race and why nothing orders its accesses. False: it is none. */
bool resolve_race(struct work *work);

#endif
