/* SPDX-License-Identifier: MIT */
/* What blocks.c and memory.c share: synchronisation objects in memory that goes away. */
#ifndef DETECT_INTERCEPT_MEMORY_H
#define DETECT_INTERCEPT_MEMORY_H

#include "runtime/runtime.h"

static inline bool memory_may_hold(uintptr_t address, size_t size)
{
    return runtime.on && detector_may_hold_objects(runtime.detector, address, size);
}

/* `how`: EVF_FREE or EVF_UNMAP. Enters the detector. */
void memory_gone(uintptr_t address, size_t size, uint32_t how, const struct call_site *site);

#endif
