/* SPDX-License-Identifier: MIT */
/* Functions are found at the start, and the table of them is read-only; and no landing pads. */
/* WITH: with_shapes.c:SHARED */
/* CFLAGS: -Wl,-z,now -Wl,-z,relro -fcf-protection=none $PROGRAM-with_shapes.so */
#include "shapes.h"
