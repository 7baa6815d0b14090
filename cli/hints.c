/* SPDX-License-Identifier: MIT */
/* See hints.h. */
#include "hints.h"

#include "kinds.h"

static void add(struct pool *pool, struct doc_finding *finding, const char *hint)
{
    finding->hints = pool_grow(pool, finding->hints, finding->hint_count, &finding->hint_capacity, sizeof(*finding->hints));
    finding->hints[finding->hint_count++] = hint;
}

void hints_add(struct pool *pool, struct doc_finding *finding)
{
    const struct kind_info *kind = kind_find(finding->kind);
    if (kind && !finding->hint_count)
        add(pool, finding, kind->hint);
}
