/* SPDX-License-Identifier: MIT */
/* The question about one module to `detect run`; part of atomics.c. */
#ifndef DETECT_RUNTIME_ATOMICS_ASK_H
#define DETECT_RUNTIME_ATOMICS_ASK_H

#include "base/compiler.h"
#include "report/atomics_format.h"

enum atomics_answer { ATOMICS_ANSWERED, ATOMICS_NOTHING_KNOWN, ATOMICS_NOBODY_THERE };

/* The module's table, mapped for good, checked to be a whole file of this version. Waits for the answer, which takes as
 * long as reading the debug information does; not longer than whoever answers lives. */
enum atomics_answer atomics_ask(const char *path, const char *build_id, const struct atomics_header **table);

#endif
