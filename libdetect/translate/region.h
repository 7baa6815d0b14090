/* SPDX-License-Identifier: MIT */
/* Making regions: reserved address space near modules. Lock held. */
#ifndef DETECT_TRANSLATE_REGION_H
#define DETECT_TRANSLATE_REGION_H

#include "translate/cache.h"

/* Between any byte of a region and any byte of the modules it serves; a 32-bit displacement, less some room for what an
 * instruction's length and an operand's offset beyond the object add. */
#define REGION_REACH (((uintptr_t)1 << 31) - ((uintptr_t)16 << 20))

/* A region that reaches [low, high), or, where no address space is left there, one elsewhere: code is then relocated
 * in other ways. NULL: the kernel has none. */
struct tr_region *region_make(uintptr_t low, uintptr_t high);
bool region_reaches(const struct tr_region *region, uintptr_t low, uintptr_t high);

#endif
