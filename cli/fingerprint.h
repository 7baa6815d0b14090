/* SPDX-License-Identifier: MIT */
/* What makes two findings the same mistake. */
#ifndef DETECT_CLI_FINGERPRINT_H
#define DETECT_CLI_FINGERPRINT_H

#include "document.h"

/* Sets `fingerprint` (kind, functions, names of objects: the same in every run and after unrelated
 * changes of the source) and `identity` (the lines as well: the same place in several processes). */
void fingerprint_set(struct pool *pool, struct doc_finding *finding);

#endif
