/* SPDX-License-Identifier: MIT */
/* The watched program as our child in the foreground: same process group, terminal, descriptors, signal
 * dispositions and mask as if our caller had started it.
 *
 * Signals: what the terminal sends reaches the program by itself; what is sent to us alone is forwarded.
 * When both of us were told to stop and the program has stopped, we stop too, so that the shell sees it;
 * when we are continued, so is the program. A program that stops or is stopped for itself is its own affair. */
#ifndef DETECT_CLI_CHILD_H
#define DETECT_CLI_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "program.h"

struct child {
    pid_t pid;
    int signals; /* signalfd: readable when child_handle() has something to do */
    bool ended, stopped;
    uint64_t stop_asked; /* when we were told to stop (milliseconds); 0: we were not */
    int wait_status; /* once ended */
};

/* 0, or STATUS_NOT_FOUND, STATUS_NOT_EXECUTABLE or STATUS_TROUBLE after a message. */
int child_start(struct child *child, const struct program *program, char **environment);
/* Takes what has happened: signals forwarded, `ended` set. Returns true if the program has stopped and we
 * are to stop as well: child_stop_with() after what has to be said. `is_ours(ctx, pid)`: a signal from
 * that process is the program's own doing and is not sent back to it. */
bool child_handle(struct child *child, bool (*is_ours)(void *ctx, pid_t pid), void *ctx);
void child_stop_with(struct child *child);
/* The program's status as a shell shows it. */
int child_status(const struct child *child);
/* Signals act on us again. */
void child_done(struct child *child);

#endif
