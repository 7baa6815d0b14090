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

#endif
