/* SPDX-License-Identifier: MIT */
/* The directory that the processes of a run write their report files to: --report-dir, or a temporary
 * one that is removed at the end. */
#ifndef DETECT_CLI_RUNDIR_H
#define DETECT_CLI_RUNDIR_H

#include <stdbool.h>

#include "inputs.h"

struct rundir {
    const char *path; /* absolute */
    bool temporary;
    int changes; /* inotify descriptor, -1 if there is none: then poll */
    const char **older; /* report files of earlier runs, which are not ours */
    size_t older_count, older_capacity;
};

/* False after a message. */
bool rundir_open(struct rundir *dir, struct pool *pool, const char *wanted);
/* Reads what the files have gained. */
void rundir_read(struct rundir *dir, struct inputs *inputs);
/* Removes a temporary directory with all its files. */
void rundir_remove(struct rundir *dir);

#endif
