/* SPDX-License-Identifier: MIT */
/* The model into a document: which findings are shown, in which order, what counts, what was not seen.
 * Used by run.c and report.c. */
#ifndef DETECT_CLI_ASSEMBLE_H
#define DETECT_CLI_ASSEMBLE_H

#include "document.h"
#include "inputs.h"
#include "resolve.h"
#include "suppress.h"

struct assembly {
    struct pool *pool;
    struct model *model;
    struct inputs *inputs;
    const struct options *options;
    struct suppressions *suppressions;
    struct resolver resolver;
    struct document *document;
    uint64_t program_pid; /* findings of other processes name them; 0: the oldest process */
};

void assemble_init(struct assembly *assembly, struct pool *pool, struct model *model,
                   struct inputs *inputs, const struct options *options,
                   struct suppressions *suppressions);
void assemble_free(struct assembly *assembly);
/* A finding that is shown before the others: resolved, entered in the document; NULL if it is
 * suppressed or hidden. */
struct doc_finding *assemble_now(struct assembly *assembly, struct raw_finding *raw);
/* Everything that is left. Returns how many inputs were damaged or unreadable; each is named in `limits`
 * and, if `tell`, on standard error. */
size_t assemble_rest(struct assembly *assembly, bool tell);
void assemble_limit(struct assembly *assembly, const char *code, const char *text);

#endif
