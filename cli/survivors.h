/* SPDX-License-Identifier: MIT */
/* Processes of a run that go on after the program has ended. They are known by DETECT_RUN_DIR in the
 * environment that they were started with, so that one counts that has not opened its report yet. */
#ifndef DETECT_CLI_SURVIVORS_H
#define DETECT_CLI_SURVIVORS_H

#include <sys/types.h>

#include "pool.h"

struct survivor {
    pid_t pid;
    const char *command;
};

/* How many there are of the run with this directory, started by `program` or its descendants. */
size_t survivors_find(struct pool *pool, const char *directory, pid_t program,
                      struct survivor **survivors);

#endif
