/* SPDX-License-Identifier: MIT */
/* CFLAGS: -Wl,-Ttext-segment=0x100000000000 */
#include "with_shapes.c"
