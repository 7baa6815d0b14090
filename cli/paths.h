/* SPDX-License-Identifier: MIT */
/* Names of files: joined, made readable, and told apart into the program's own and the system's. */
#ifndef DETECT_CLI_PATHS_H
#define DETECT_CLI_PATHS_H

#include <stdbool.h>

#include "pool.h"

/* `file` relative to `dir` (which may be empty), without "." and ".." components. */
const char *path_join(struct pool *pool, const char *dir, const char *file);
/* For people: relative to the current directory if it is below it; long ones lose their beginning. */
const char *path_shown(struct pool *pool, const char *path);
const char *path_base(const char *path);
/* A header or source of the compiler's or system's. */
bool path_is_system(const char *path);
/* A library that runs programs rather than being part of one: libc, libstdc++, the loader, ours. */
bool path_is_runtime(const char *path);

#endif
