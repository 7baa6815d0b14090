/* SPDX-License-Identifier: MIT */
/* Of all races on the same memory together: at how many of the places that they tell of the lock was held that the others lack.
 * Called by assemble.c when all findings are known. */
#ifndef DETECT_CLI_PLACES_H
#define DETECT_CLI_PLACES_H

#include "document.h"

/* Adds a reason to each race that a lock guards at all of three or more places but one or two. */
void places_count(struct pool *pool, struct document *document);

#endif
