/* SPDX-License-Identifier: MIT */
/* Race checking in the watched process: shadow memory, the translator's client, blocks of memory, call stacks of
 * accesses. For intercept/, whose functions tell what libc and the kernel do to the program's memory.
 *
 *   races.c         begins and ends it; what interceptors and the lives of threads say
 *   races_client.c  what translated code calls for each access; general registers only
 *   races_shadow.c  where shadow memory lies
 *   races_blocks.c  blocks of allocators, for names in reports */
#ifndef DETECT_RUNTIME_RACES_H
#define DETECT_RUNTIME_RACES_H

#include "analysis/race.h"
#include "runtime/self.h"
#include "runtime/takeover.h"

/* Blocks of allocators are to be told of, for their names and, as soon as races_are_on, as memory that is new or goes. */
extern bool races_watch_blocks;
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

/* What the interceptors of malloc and mmap say. `room`: the bytes that the allocator gives for the `size` that was asked
 * for. */
void races_allocated(struct self *self, const struct call_site *site, void *block, size_t size, size_t room);
void races_freeing(struct self *self, void *block, size_t room, uintptr_t caller);
/* realloc: between races_freeing(), and instead of races_allocated() where the block has not moved. */
void races_stayed(struct self *self, const struct call_site *site, void *block, size_t size, size_t room, size_t old_room);
void races_mapped(struct self *self, void *start, size_t size);
void races_unmapping(struct self *self, void *start, size_t size, uintptr_t caller);

/* Around what an allocator does in the program's name: accesses between the two are not looked at. They nest. */
static inline void races_ignore_begin(struct self *self) { self->races_ignored++; }
static inline void races_ignore_end(struct self *self) { self->races_ignored--; }

/* The block that the address lies in, for a report: a live one, or the last that lay there. False: none known. */
struct races_block {
    uintptr_t start;
    size_t size;
    stack_id allocated_at;
    thread_id allocated_by;
    bool freed;
};
bool races_find_block(uintptr_t address, struct races_block *block);

/* What an address of no memory stands for, as text for the report (intercept/libc_state.h). False: it is memory. Set once. */
extern bool (*races_state_name)(uintptr_t address, char *to, size_t room);

/* --- for the takeover, threads and forks ---------------------------------------------------------------------------- */

/* The frame on that thread's stack that the address lies in: an address behind a call that it has made (0: it has made none),
 * its canonical frame address (0: unknown), and the address behind the call that led to it (0: the thread began with it). */
struct races_frame {
    uintptr_t return_pc, cfa, caller_pc;
};
bool races_frame_of(thread_id thread, uintptr_t address, struct races_frame *frame);
/* The thread in whose thread-local storage the address lies; the module, and the offset in its storage. */
thread_id races_tls_owner(uintptr_t address, frame_t *place);
/* A module that the dynamic linker lists. */
struct dl_phdr_info;
void races_tls_module(const struct dl_phdr_info *info);
/* The same, for memory that does not change; when it goes; and whether [address, address + size) is such memory: no race
 * can be there. The last takes no lock. */
void races_constant_module(const struct dl_phdr_info *info);
void races_constant_gone(uintptr_t low, uintptr_t high);
bool races_is_constant(uintptr_t address, size_t size);

/* At init, if translation is to begin at some time. */
void races_prepare(void);
/* In the thread that takes over, before any code is translated: shadow memory is reserved, the analysis told. If that
 * cannot be (a limit says so), translation goes on without. */
void races_begin(void);
/* Then, when it has room for calls: those that it has made so far. */
void races_take_calls(void);
/* Translation has been left: nothing is seen any more. */
void races_end(void);
/* By the new thread, when the analysis knows it. */
void races_thread_started(struct self *self);
/* A module has been loaded to [low, high). */
void races_loaded(uintptr_t low, uintptr_t high);
/* Code ran natively that may order accesses (race_doubt). */
void races_doubt(void);
/* The client of the translator (races_client.c); empty until races_begin(). */
extern struct tr_client races_client;

/* Bytes of address space that are reserved for shadow memory. */
uint64_t races_shadow_bytes(void);
/* mlockall(2), which must not make shadow memory present. 0 or -errno. */
long races_mlockall(int flags);

/* For runtime/fork.c: nobody changes the blocks while the address space is copied. */
void races_fork_prepare(void);
void races_fork_parent(void);
void races_fork_child(void);

#endif
