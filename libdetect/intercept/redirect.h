/* SPDX-License-Identifier: MIT */
/* What translated code reaches through us (tr_redirect). */
#ifndef DETECT_INTERCEPT_REDIRECT_H
#define DETECT_INTERCEPT_REDIRECT_H

#include "base/compiler.h"

/* What native code shall call instead of the program's function, to spare it the fault of each call. Outside of the
 * detector. */
uintptr_t translated_entry(uintptr_t function);

#define TRANSLATED(function) ((__typeof__(function))translated_entry((uintptr_t)(function)))

/* Finds the dynamic linker's resolver, if there is a module by now that uses it. */
void lazy_binding_redirect(void);

#endif
