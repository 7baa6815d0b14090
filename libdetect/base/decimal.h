/* SPDX-License-Identifier: MIT */
/* Numbers as text without libc's help. */
#ifndef DETECT_BASE_DECIMAL_H
#define DETECT_BASE_DECIMAL_H

#include "base/compiler.h"

#define DECIMAL_SIZE 24u /* the longest, and its NUL */

/* Written to the end of `text`; where it begins. */
static inline const char *decimal(char text[DECIMAL_SIZE], uint64_t number)
{
    char *first = text + DECIMAL_SIZE - 1;
    *first = '\0';
    do
        *--first = (char)('0' + number % 10);
    while (number /= 10);
    return first;
}

#endif
