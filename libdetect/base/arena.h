/* SPDX-License-Identifier: MIT */
/* The detector's own memory: pages from the kernel, never the program's malloc.
 *
 * Blocks come from size classes (powers of two and the halves between them) with a free list each, so
 * that a block that was freed serves the next request of its class; large blocks (> 64 KiB) are pages
 * of their own and go back to the kernel. Thread-safe (one ranked lock per arena).
 *
 * Out of memory: returns NULL and counts it in `failed`; callers degrade and a limit is reported. */
#ifndef DETECT_BASE_ARENA_H
#define DETECT_BASE_ARENA_H

#include "base/compiler.h"
#include "base/spin.h"

#define ARENA_CLASSES 32

struct arena {
    struct spin lock;
    char *next, *end;             /* the chunk that small blocks are cut from */
    void *free_list[ARENA_CLASSES];
    uint64_t reserved;            /* bytes obtained from the kernel */
    uint64_t used;                /* bytes handed out and not freed */
    uint64_t failed;              /* requests that could not be met */
    uint64_t limit;               /* 0: none; else requests beyond this many reserved bytes fail */
};

void arena_init(struct arena *arena);
/* Zeroed, aligned to 16 (to 64 from 64 bytes on); NULL when out of memory. */
void *arena_alloc(struct arena *arena, size_t bytes);
/* `bytes` as it was asked for. NULL block: nothing. */
void arena_free(struct arena *arena, void *block, size_t bytes);
/* A larger copy of the block; the old one is freed. NULL (and the old one kept) when out of memory. */
void *arena_grow(struct arena *arena, void *block, size_t old_bytes, size_t new_bytes);
/* Debug and tests: free lists hold only blocks of their class inside known chunks. */
bool arena_is_valid(struct arena *arena);

#endif
