/* SPDX-License-Identifier: MIT */
/* Suppressions: findings that the user knows and does not want to see. One per line:
 *
 *   # libfoo takes its locks in both orders, but never at the same time
 *   lock-order function:foo_* module:libfoo.so* object:foo.lock
 *
 * First the kind, or * for any; then any number of conditions, all of which must hold. A condition holds
 * if any frame of any of the finding's stacks (function, file, module; where its threads and objects were
 * created too) or any of its objects (object) matches the pattern: a shell glob, in "double quotes" if it contains blanks; a backslash takes the next
 * character literally. A pattern for a file or module without a leading slash matches the end of its path,
 * from a slash on. */
#ifndef DETECT_CLI_SUPPRESS_H
#define DETECT_CLI_SUPPRESS_H

#include <stdbool.h>

#include "document.h"

struct suppression;

struct suppressions {
    struct pool *pool;
    struct suppression *list;
    size_t count, capacity;
};

void suppress_init(struct suppressions *suppressions, struct pool *pool);
/* False after a message that names file and line. */
bool suppress_load(struct suppressions *suppressions, const char *path);
bool suppress_parse(struct suppressions *suppressions, const char *name, const char *text,
                    size_t size);
/* Whether one of them describes the finding; that one counts as used. */
bool suppress_matches(struct suppressions *suppressions, const struct doc_finding *finding);
/* "FILE:LINE: text" of the i-th if it was never used, else NULL. */
const char *suppress_unused(const struct suppressions *suppressions, size_t i);
/* The line that would suppress the finding and little else; NULL if nothing is known that tells it from
 * others of its kind. */
const char *suppress_line_for(struct pool *pool, const struct doc_finding *finding);

#endif
