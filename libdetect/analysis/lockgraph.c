/* SPDX-License-Identifier: MIT */
/* The acquisition tree; see lockgraph.h. */
#include "analysis/lockgraph.h"
