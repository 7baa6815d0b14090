/* SPDX-License-Identifier: MIT */
/* Shared code at a region's start (stub.c), and what else the files of this folder share. */
#ifndef DETECT_TRANSLATE_X86_64_SHARED_H
#define DETECT_TRANSLATE_X86_64_SHARED_H

#include "translate/cache.h"

bool region_prologue(struct tr_region *region);
/* The program's state in shared code, false: not there. */
bool shared_place(const struct tr_region *region, uintptr_t code, struct tr_place *place);

/* Shared code that ends the way out; any region's. */
extern uintptr_t tr_leave_tail;

static inline void place_put(struct tr_place *place, unsigned reg, unsigned slot)
{
    place->spilled |= (uint16_t)(1u << reg);
    place->spill_of[reg] = (uint8_t)slot;
}

#endif
