/* SPDX-License-Identifier: MIT */
/* Tables of modules, kept from run to run in the user's cache directory ($XDG_CACHE_HOME/detect, else ~/.cache/detect),
 * which is ours alone: a file per build-id, replaced as a whole, checked before it is used, the oldest removed when
 * there are too many. */
#ifndef DETECT_CLI_ATOMICS_CACHE_H
#define DETECT_CLI_ATOMICS_CACHE_H

#include "pool.h"

/* A descriptor of the table, to read; -1: there is none, it is damaged, or sources that it missed are there now. */
int cache_find(struct pool *pool, const char *build_id);
/* Keeps it; a descriptor of it, or -1. */
int cache_keep(struct pool *pool, const char *build_id, const void *bytes, size_t size);

#endif
