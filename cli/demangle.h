/* SPDX-License-Identifier: MIT */
/* C++ and Rust names as people write them, without parameter lists; over libiberty. */
#ifndef DETECT_CLI_DEMANGLE_H
#define DETECT_CLI_DEMANGLE_H

#include "pool.h"

/* `symbol` itself if it is not mangled. */
const char *demangle(struct pool *pool, const char *symbol);

#endif
