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

/* Addresses are handed out in chunks: each belongs to one module, so that a module's code can go without others'. */
#define CHUNK_SIZE 65536u
#define FRAGMENT_MAX 32768u /* bytes of code, stubs included */

struct tr_chunk;

struct tr_region {
    uintptr_t start, end;   /* executable addresses; reserved, made usable chunk by chunk */
    uintptr_t next, limit;  /* after cache_region: where the fragment goes, and what it must not go beyond */
    intptr_t write_delta;   /* code at address a is written at a + write_delta (0 where W and X go together) */
    /* Shared code at the region's start. Jump to
     * enter_exit      from an exit's stub: rax is in spill[0], rax = the stub's address
     * enter_hook      likewise, rax = struct tr_hook *: runs it, goes on at its `resume`
     * enter_tested    likewise, where the arithmetic flags' values are not needed any more
     * enter_quick     likewise, of one access whose address is in spill[TR_SLOT_QUICK]: asks tr_check.quick first
     * enter_quick_in_loop  likewise, of an access with a loop: tr_check.quick_in_loop
     * enter_indirect  r11 and rcx are in spill[0] and spill[1], r11 = where the program jumps to
     * leave           all registers but rcx are the program's: takes it from context and jumps to tr_thread.resume */
    uintptr_t enter_exit, enter_hook, enter_tested, enter_quick, enter_quick_in_loop, enter_indirect, leave;
    uintptr_t quick_end[2];  /* the last instructions of enter_quick and enter_quick_in_loop */
    uintptr_t shared_end;
    bool far;                /* reaches no particular module: there was no address space */
    struct tr_chunk *stubs;  /* the chunk that takes the next stub (indirect.c) */
    struct tr_chunk *chunks; /* chunk_count of them, by address */
    uint32_t chunk_count, chunks_used;
    struct tr_region *older;
};

/* What cache code calls out for. Embedded in the caller's own record; neither moved nor freed when its fragment is
 * evicted, because a thread may be about to use it, but when its module has gone. `run` gets the program's registers in tr_thread.context and may change them; it runs on the translator's stack with signals
 * deferred, in code compiled with -mgeneral-regs-only, and may set tr_thread.resume to go elsewhere than `resume`. */
struct tr_hook {
    void (*run)(struct tr_hook *hook);
    uintptr_t resume; /* cache address */
    uintptr_t pc;     /* of the program's instruction that it belongs to */
    struct tr_hook *next; /* of the same range */
    size_t size;      /* of the record that it is embedded in, at its start */
    bool flags_in_slot; /* TR_SLOT_FLAGS has the program's flags, while `run` and where `resume` begins */
};

/* Space for a fragment of code at pc, at least `bytes` (at most FRAGMENT_MAX) from region->next on; NULL: none,
 * evict or stop. Lock held. */
struct tr_region *cache_region(uintptr_t pc, size_t bytes);
/* The fragment's code is written, code == region->next, and cold_end <= region->limit: publish it, and reserve the space. Its own
 * pc becomes an entry of the map; others are added as they are asked for. Lock held. */
bool cache_publish(struct tr_fragment *fragment);
/* The fragment that contains the cache address, evicted ones as well; NULL. Lock-free, async-signal-safe. */
struct tr_fragment *cache_fragment(uintptr_t code);
/* As fragment_place, for any address of the cache: stubs of indirect jumps and shared code too. */
bool cache_place(uintptr_t code, struct tr_place *place);
/* Whether the address lies in a region. */
bool cache_contains(uintptr_t code);

/* A live fragment's cache address for pc in its midst, where it may be entered; 0. Lock held. */
uintptr_t cache_inside(uintptr_t pc, struct tr_fragment **fragment);

/* --- chunks, regions: for eviction and tests; lock held ------------------------------------------------------------ */

enum chunk_state {
    CHUNK_FREE,
    CHUNK_OPEN,    /* its owner's fragments are added */
    CHUNK_FULL,
    CHUNK_EVICTED, /* not executable, its addresses never used again; fragments are still known */
    CHUNK_STUBS,   /* slots of indirect jumps' targets (indirect.c) and trampolines; never evicted */
};

struct tr_range;

struct tr_chunk {
    uintptr_t start, next, end;
    uintptr_t cold;                 /* what is seldom run lies in [cold, end), so that the rest is close together */
    struct tr_range *owner;         /* NULL: none, or stubs */
    struct tr_fragment **fragments; /* code upwards, cold parts downwards; lock-free readers see `count` of them */
    uint32_t count, capacity;
    uint32_t evicted;               /* the first so many of them are */
    bool dropped;                   /* some of its pages are not executable */
    uint32_t state;                 /* enum chunk_state */
    uint64_t sequence;              /* in the order of filling: the oldest is evicted first */
    struct tr_exit *slots;          /* of CHUNK_STUBS */
};

extern struct tr_region *cache_regions;
struct tr_region *cache_region_of(uintptr_t code);
struct tr_chunk *cache_chunk_of(uintptr_t code);
/* Makes a region that reaches the range, if there is none yet. */
bool cache_reserve(const struct tr_range *range);
/* A chunk of the region that was free; NULL. */
struct tr_chunk *cache_chunk_in(struct tr_region *region);
/* Fragments leave the look-up structures of this file and map.c. */
void cache_forget(struct tr_fragment *fragment);
/* Memory that is executable as well as writable can be made; `dual`: only through two mappings. */
bool cache_probe(bool *dual);
/* In the child of a fork: two-fold mappings become its own. */
void cache_fork_child(void);

/* The published translation of exactly this program address; 0: none. Lock-free. */
uintptr_t map_find(uintptr_t pc);
/* False: map_find would find nothing. Cheap for one address after the other. Lock held. */
bool map_may_find(uintptr_t pc);
/* Lock held. code 0: no longer. False: out of memory. */
bool map_set(uintptr_t pc, uintptr_t code);
uint64_t map_bytes(void);

/* Patches the exit to lead to the cache address (or natively, through its stub, where that is out of reach). Lock
 * held. */
void exit_link(struct tr_exit *exit, uintptr_t code, struct tr_fragment *to);
void exit_unlink(struct tr_exit *exit);
/* The exit whose stub this is; NULL: gone. */
struct tr_exit *exit_of_stub(uintptr_t stub);
/* Unlinks all that leads into the fragment, and takes its own exits out of others' lists. */
void exits_detach(struct tr_fragment *fragment);
/* Unlinks what leads natively into the range, or all if start is 0. */
void exits_unlink_native(uintptr_t start, uintptr_t end);

/* evict.c. Lock held. */
void evict_chunk(struct tr_chunk *chunk);
/* The oldest ones, until `bytes` are below the limit. */
void evict_oldest(size_t bytes);
void evict_all(void);
/* The chunks of a range that goes: if it is gone, they may be used again; else threads may still be in them. */
void evict_range(struct tr_range *range, bool is_gone);

/* Builds the fragment for pc and publishes it. NULL: it cannot be (out of memory). Lock held; needs vector state
 * saved by the caller, as it calls the decoder. In x86_64/build.c. */
struct tr_fragment *fragment_build(uintptr_t pc);

#endif
