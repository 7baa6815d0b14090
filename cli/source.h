/* SPDX-License-Identifier: MIT */
/* Lines of source files, where they are still there. */
#ifndef DETECT_CLI_SOURCE_H
#define DETECT_CLI_SOURCE_H

#include "pool.h"

/* Without its newline, and with tabs as blanks; NULL if there is no such line. */
const char *source_line(struct pool *pool, const char *file, unsigned line);
/* The same; *column, from 1 on, becomes the one in what is returned, 0 if it is unknown or not there. */
const char *source_line_at(struct pool *pool, const char *file, unsigned line, unsigned *column);

#endif
