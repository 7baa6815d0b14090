/* SPDX-License-Identifier: MIT */
/* Compiler attributes under short names; included by everything. No code. */
#ifndef DETECT_BASE_COMPILER_H
#define DETECT_BASE_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define COLD __attribute__((noinline, cold))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* A symbol that the program sees: interceptors and annotations, nothing else. */
#define EXPORT __attribute__((visibility("default")))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define CACHE_LINE 64

#endif
