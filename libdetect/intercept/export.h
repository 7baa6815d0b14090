/* SPDX-License-Identifier: MIT */
/* How an interceptor of a function of libc is defined.
 *
 * The C name differs from the symbol, so that neither the headers' redirections (open64 for open under
 * _FILE_OFFSET_BITS=64) nor their attributes (nonnull, noreturn) get in the way, and so that functions
 * with optional arguments (fcntl, syscall) can be written with all of them. */
#ifndef DETECT_INTERCEPT_EXPORT_H
#define DETECT_INTERCEPT_EXPORT_H

#include "base/compiler.h"

#define INTERCEPT(result, name, parameters)                                                        \
    EXPORT result intercepted_##name parameters __asm__(#name);                                    \
    result intercepted_##name parameters

/* An interceptor under several versions of its symbol that mean the same ("name@@NEWEST", "name@OLDER"); only
 * x86-64's libc has any (detect.map names the versions and hides the helper's own name). */
#if defined(__x86_64__)
#define INTERCEPT_VERSIONS(result, name, parameters, ...)                                          \
    EXPORT result intercepted_##name parameters __attribute__((symver(__VA_ARGS__)));              \
    result intercepted_##name parameters
#else
#define INTERCEPT_VERSIONS(result, name, parameters, ...) INTERCEPT(result, name, parameters)
#endif

#endif
