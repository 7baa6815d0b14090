/* SPDX-License-Identifier: MIT */
/* The code cache: regions of reserved addresses, each within 2 GiB of the modules whose code it holds, filled from
 * the bottom and never reused; the map from program to cache; the reverse one; links.
 *
 * One lock (RANK_TRANSLATE) is held by whoever builds, links, evicts or changes modules; look-ups take none:
 *
 *   look-up      with everything       lock-free: an entry is published when its fragment is complete (release/acquire)
 *   link, build  with look-ups, with threads that execute: a displacement is patched in one aligned store
 *   eviction     with look-ups: the entry goes first, then exits that lead in, then the pages lose PROT_EXEC; who is
 *                inside faults and is sent on (fault.c) */
#ifndef DETECT_TRANSLATE_CACHE_H
#define DETECT_TRANSLATE_CACHE_H

#include "base/compiler.h"
#include "translate/fragment.h"

struct tr_region {
    uintptr_t start, end;   /* executable addresses; reserved, made usable chunk by chunk */
    uintptr_t next;         /* where the next fragment goes */
    intptr_t write_delta;   /* code at address a is written at a + write_delta (0 where W and X go together) */
    uintptr_t enter_exit;   /* jump here from an exit's stub: rax is in spill[0], rax = struct tr_exit * */
    uintptr_t enter_indirect_jump, enter_indirect_call; /* see x86_64/indirect.c */
    struct tr_region *older;
};

/* Space for a fragment of code at pc, at least `bytes`; NULL: none, evict or stop. Lock held. */
struct tr_region *cache_region(uintptr_t pc, size_t bytes);
/* The fragment's code [code, code_end) is written: publish it, and reserve the space. Lock held. */
bool cache_publish(struct tr_fragment *fragment);
/* The fragment that contains the cache address, evicted ones as well; NULL. Lock-free, async-signal-safe. */
struct tr_fragment *cache_fragment(uintptr_t code);

/* The published translation of exactly this program address; 0: none. Lock-free. */
uintptr_t map_find(uintptr_t pc);

/* Patches the exit to lead to the cache address (or natively, through its stub, where that is out of reach). Lock
 * held. */
void exit_link(struct tr_exit *exit, uintptr_t code, struct tr_fragment *to);
void exit_unlink(struct tr_exit *exit);

/* Builds the fragment for pc and publishes it. NULL: it cannot be (out of memory). Lock held; needs vector state
 * saved by the caller, as it calls the decoder. In x86_64/build.c. */
struct tr_fragment *fragment_build(uintptr_t pc);

#endif
