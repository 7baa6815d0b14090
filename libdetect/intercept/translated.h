/* SPDX-License-Identifier: MIT */
/* Functions of the program that libc is about to call, many times perhaps. */
#ifndef DETECT_INTERCEPT_TRANSLATED_H
#define DETECT_INTERCEPT_TRANSLATED_H

#include "base/compiler.h"

/* What native code shall call instead of the function, to spare it the fault of each call. Outside of the detector. */
uintptr_t translated_entry(uintptr_t function);

#define TRANSLATED(function) ((__typeof__(function))translated_entry((uintptr_t)(function)))

#endif
