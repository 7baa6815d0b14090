/* SPDX-License-Identifier: MIT */
/* Landing pads at all targets of jumps; unoptimised. */
/* WITH: with_shapes.c:SHARED */
/* CFLAGS: -O0 -fcf-protection=full $PROGRAM-with_shapes.so */
#include "shapes.h"
