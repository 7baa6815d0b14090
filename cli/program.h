/* SPDX-License-Identifier: MIT */
/* The program to be run: found as a shell would, and looked at before it is started, because a program
 * into which nothing can be preloaded would run unwatched. */
#ifndef DETECT_CLI_PROGRAM_H
#define DETECT_CLI_PROGRAM_H

#include "pool.h"

struct program {
    const char *path; /* what is executed */
    char **argv;      /* terminated by NULL; for a script without "#!", that of the shell */
};

/* 0, or STATUS_NOT_FOUND or STATUS_NOT_EXECUTABLE after a message. */
int program_find(struct pool *pool, char **words, struct program *program);
/* Whether `library` can be preloaded into it: 0, or STATUS_NOT_EXECUTABLE after a message about the
 * program. Where the program may be executed but not read, the benefit of the doubt. */
int program_check(struct pool *pool, const struct program *program, const char *library);
/* The preload library, relative to our own executable: in the build tree, or installed. NULL after a
 * message that it is missing or cannot be loaded. */
const char *program_library(struct pool *pool);

#endif
