/* SPDX-License-Identifier: MIT */
/* See demangle.h; the project's only includer of libiberty. */
#include "demangle.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

const char *demangle(struct pool *pool, const char *symbol)
{
    if (symbol[0] != '_')
        return symbol;
    char *readable = cplus_demangle(symbol, DMGL_AUTO | DMGL_ANSI);
    if (!readable)
        return symbol;
    const char *kept = pool_text(pool, readable, strlen(readable));
    free(readable);
    return kept;
}
