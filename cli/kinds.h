/* SPDX-License-Identifier: MIT */
/* What the CLI knows about kinds of findings: the table of analysis/kinds.def, with a hint for each. */
#ifndef DETECT_CLI_KINDS_H
#define DETECT_CLI_KINDS_H

#include <stddef.h>

#include "report/format.h"

struct kind_info {
    const char *name, *line, *text;
    enum finding_group group;
    const char *hint; /* what would mend it */
};

extern const struct kind_info kind_table[KIND_COUNT];

/* NULL if there is no kind of that name. */
const struct kind_info *kind_find(const char *name);
/* The kind with the most similar name, or NULL. */
const char *kind_nearest(const char *name);
const char *group_name(enum finding_group group);

#endif
