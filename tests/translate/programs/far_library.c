/* SPDX-License-Identifier: MIT */
/* A library that lies 16 TiB away from everything else. */
/* WITH: with_far_shapes.c:SHARED */
/* CFLAGS: -Wl,-z,lazy $PROGRAM-with_far_shapes.so */
#include "shapes.h"
