/* SPDX-License-Identifier: MIT */
/* What the kernel says of the process's memory. Reads a file at each call: for what happens seldom. Raw system
 * calls only, so that the monitor can call it. */
#ifndef DETECT_RUNTIME_MAPS_H
#define DETECT_RUNTIME_MAPS_H

#include "base/compiler.h"

/* Another process may see what is written there. False if the address is not mapped, or nothing is known. */
bool maps_is_shared(uintptr_t addr);

#endif
