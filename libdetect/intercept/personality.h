/* SPDX-License-Identifier: MIT */
/* The functions of language runtimes that the unwinder calls for each frame ("personality"). */
#ifndef DETECT_INTERCEPT_PERSONALITY_H
#define DETECT_INTERCEPT_PERSONALITY_H

#include "base/compiler.h"

/* From now on, the unwinder calls the personality of the function at the program address without a fault, if the way it is
 * named allows that. Outside of the detector; best once for each place. */
void personality_prepare(uintptr_t pc);

#endif
