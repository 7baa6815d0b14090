/* SPDX-License-Identifier: MIT */
/* Built for gprof: mcount looks at return addresses. */
/* CFLAGS: -pg */
#include "jumps.c"
