/* SPDX-License-Identifier: MIT */
/* One raw finding made readable: stacks symbolised, threads and objects named, message filled in,
 * fingerprint taken. Called by document.c for each finding that is shown. */
#ifndef DETECT_CLI_RESOLVE_H
#define DETECT_CLI_RESOLVE_H

#include "document.h"
#include "model.h"
#include "symbolize.h"

struct resolver {
    struct pool *pool;
    struct model *model; /* gets limits: modules without symbols, changed files */
    struct symbolizer *symbolizer;
};

struct doc_finding *resolve_finding(struct resolver *resolver, const struct raw_finding *raw);
struct doc_atomic resolve_atomic(struct resolver *resolver, struct raw_process *process, const struct raw_atomic *raw);
/* The command line of a process, in one line. */
const char *resolve_command(struct pool *pool, const struct raw_process *process);
enum finding_confidence resolve_confidence(const char *name);

#endif
