/* SPDX-License-Identifier: MIT */
/* The table of libc's functions; see libc_effects.h. */
#include "intercept/libc_handlers.h"

#define ROW(name, result, ...) {#name, NULL, result, 0, 0, false, {__VA_ARGS__}},

const struct libc_row libc_rows[] = {
#include "intercept/libc_string.def"
};
const size_t libc_row_count = ARRAY_LEN(libc_rows);
