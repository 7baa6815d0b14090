/* SPDX-License-Identifier: MIT */
/* A CPU without a translator: everything builds, and `supported` tells why full mode does what locks mode does. */
#include "translate/arch.h"

static const char *unsupported(void) { return "programs are translated on x86-64 only"; }

const struct tr_arch tr_arch = {.supported = unsupported};
