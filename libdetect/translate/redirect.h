/* SPDX-License-Identifier: MIT */
/* Native functions that translated code reaches another way (tr_redirect). For whoever resolves where an exit or an
 * indirect jump to native code leads: dispatch.c and the table of indirect jumps. */
#ifndef DETECT_TRANSLATE_REDIRECT_H
#define DETECT_TRANSLATE_REDIRECT_H

#include "base/compiler.h"

/* Where a jump from the cache to the native address leads: the address itself unless it is redirected. Lock-free. */
uintptr_t redirect_target(uintptr_t native);

#endif
