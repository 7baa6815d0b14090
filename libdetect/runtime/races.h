/* SPDX-License-Identifier: MIT */
/* Race checking in the watched process: shadow memory, the translator's client, blocks of memory, call stacks of
 * accesses. For intercept/, whose functions tell what libc and the kernel do to the program's memory. */
#ifndef DETECT_RUNTIME_RACES_H
#define DETECT_RUNTIME_RACES_H

#include "analysis/race.h"
#include "runtime/takeover.h"

/* Whether accesses are checked: mode full, and translation has begun. False costs a load. */
extern bool races_are_on;

/* Between self_enter() and self_leave(): libc or the kernel touches [address, address + size) for this call of the
 * program, whose return address is `caller` (of the cache or the program's). flags: enum race_flag; RACE_LIBC is added.
 * A NULL address or size 0 is nothing. */
void races_touch_slow(struct self *self, uintptr_t address, size_t size, uint32_t flags, uintptr_t caller);
static inline void races_reads(struct self *self, const void *address, size_t size, uintptr_t caller)
{
    if (UNLIKELY(races_are_on))
        races_touch_slow(self, (uintptr_t)address, size, RACE_READ, caller);
}
static inline void races_writes(struct self *self, const void *address, size_t size, uintptr_t caller)
{
    if (UNLIKELY(races_are_on))
        races_touch_slow(self, (uintptr_t)address, size, RACE_WRITE, caller);
}

/* What the interceptors of malloc and mmap, and the ends of threads, say. `how`: RACE_FREE or RACE_UNMAP. */
void races_allocated(struct self *self, void *block, size_t size, uintptr_t caller);
void races_freeing(struct self *self, void *block, size_t size, uint32_t how, uintptr_t caller);
void races_mapped(struct self *self, void *start, size_t size);
void races_unmapping(struct self *self, void *start, size_t size, uintptr_t caller);

/* Around what an allocator does in the program's name: accesses between the two are not looked at. They nest. */
void races_ignore_begin(struct self *self);
void races_ignore_end(struct self *self);

/* The live block that the address lies in, for a report. False: none known. */
struct races_block {
    uintptr_t start;
    size_t size;
    stack_id allocated_at;
    thread_id allocated_by;
};
bool races_find_block(uintptr_t address, struct races_block *block);

#endif
