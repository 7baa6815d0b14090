/* SPDX-License-Identifier: MIT */
/* Text relocations are done when the program starts: its library can be translated. */
/* WITH: with_textrel.c:SHARED */
/* CFLAGS: -Wl,-z,lazy $PROGRAM-with_textrel.so */
#include "shapes.h"
