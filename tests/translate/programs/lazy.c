/* SPDX-License-Identifier: MIT */
/* Functions are found at their first call. */
/* WITH: with_shapes.c:SHARED */
/* CFLAGS: -Wl,-z,lazy $PROGRAM-with_shapes.so */
#include "shapes.h"
