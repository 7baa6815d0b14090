/* SPDX-License-Identifier: MIT */
/* Answers the watched processes' questions about their modules' debug information (report/atomics_format.h), from the time
 * that the first starts to the end of the run. What takes time is done in processes of its own, so that the answers to
 * signals and urgent findings do not wait. */
#ifndef DETECT_CLI_ATOMICS_H
#define DETECT_CLI_ATOMICS_H

#include <stdbool.h>
#include <sys/types.h>

#include "pool.h"
#include "report/format.h"

struct atomics_server {
    int socket; /* to be polled for input; -1: none could be made, and nothing is answered */
    const char *path;
    const struct options *options;
    pid_t *workers; /* in the pool */
    size_t worker_count, worker_capacity;
    struct pool *pool;
};

void atomics_open(struct atomics_server *server, struct pool *pool, const struct options *options, const char *directory);
/* The socket has input, or a child has ended. */
void atomics_handle(struct atomics_server *server);
void atomics_close(struct atomics_server *server);

#endif
