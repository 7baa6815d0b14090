/* SPDX-License-Identifier: MIT */
/* A program at a fixed address, further than 2 GiB from its library. */
/* WITH: with_shapes.c:SHARED */
/* CFLAGS: -no-pie $PROGRAM-with_shapes.so */
#include "shapes.h"
