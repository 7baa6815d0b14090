/* SPDX-License-Identifier: MIT */
/* Each distinct call stack once, under a small number.
 *
 * A frame is a place in a module, not an address, so that it stays true when a library is unloaded and
 * another one takes its place:
 *
 *    63        48 47                                             0
 *   +------------+------------------------------------------------+
 *   | module     | offset from the module's load bias             |
 *   +------------+------------------------------------------------+
 *   module 0: no module is known there, the offset is the address itself.
 *
 * The offset is that of the return address minus one (so that it lies inside the call), except for the
 * innermost frame of a signal handler's interrupted code, which is exact.
 *
 * Thread-safe; depot_get() takes no lock and its result stays valid for ever. */
#ifndef DETECT_ANALYSIS_STACKDEPOT_H
#define DETECT_ANALYSIS_STACKDEPOT_H

#include "base/arena.h"
#include "event/event.h"

typedef uint64_t frame_t;

#define FRAME_OFFSET_BITS 48
#define FRAME_MAX_MODULES (1u << 16)
#define FRAME(module, offset)                                                                      \
    ((frame_t)(module) << FRAME_OFFSET_BITS | ((frame_t)(offset) & ((1ull << FRAME_OFFSET_BITS) - 1)))
#define FRAME_MODULE(frame) ((uint32_t)((frame) >> FRAME_OFFSET_BITS))
#define FRAME_OFFSET(frame) ((frame) & ((1ull << FRAME_OFFSET_BITS) - 1))

_Static_assert(sizeof(frame_t) * 8 - FRAME_OFFSET_BITS == 16, "65,536 modules, 256 TiB each");

#define STACK_MAX_FRAMES 128

struct stackdepot;

struct stack_view {
    const frame_t *frames; /* innermost first */
    uint32_t count;
};

struct stackdepot *depot_create(struct arena *arena);
/* STACK_NONE when out of memory or count is 0. */
stack_id depot_intern(struct stackdepot *depot, const frame_t *frames, uint32_t count);
struct stack_view depot_get(const struct stackdepot *depot, stack_id id);
/* A number equal for stacks whose innermost frames are at the same place: part of deduplication keys. */
uint64_t depot_top(const struct stackdepot *depot, stack_id id);
uint64_t depot_count(const struct stackdepot *depot);
void depot_reset_locks(struct stackdepot *depot); /* child of a fork */

#endif
