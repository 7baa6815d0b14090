/* SPDX-License-Identifier: MIT */
/* What two runs of a snippet left behind, compared to the bit. */
#ifndef DETECT_TESTS_TRANSLATE_COMPARE_H
#define DETECT_TESTS_TRANSLATE_COMPARE_H

#include "run.h"

/* The number of differences; says each if `print`. */
unsigned compare(const struct snippet *s, const struct outcome *native, const struct outcome *cache, bool print);

#endif
