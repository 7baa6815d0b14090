/* SPDX-License-Identifier: MIT */
/* What would mend a finding: the usual mistake behind it, where the facts show which one, else what helps against its kind.
 * Called by resolve.c for each finding once all else is known of it. */
#ifndef DETECT_CLI_HINTS_H
#define DETECT_CLI_HINTS_H

#include "document.h"

void hints_add(struct pool *pool, struct doc_finding *finding);

#endif
