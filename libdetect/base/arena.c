/* SPDX-License-Identifier: MIT */
/* The detector's own memory; see arena.h. Called from everywhere, call-outs of translated code included: it uses no vector
 * register and nothing of libc. */
#include "base/arena.h"

#include "base/sys.h"
#include "base/words.h"

#define CHUNK_BYTES (256u << 10)
#define LARGE_BYTES (64u << 10)
#define PAGE_BYTES 4096u

/* Classes: 16, 24→32, 32, 48, 64, 96, 128, 192 … 64 KiB: two per power of two. */
static unsigned class_of(size_t bytes)
{
    if (bytes <= 16)
        return 0;
    unsigned log = 63u - (unsigned)__builtin_clzll(bytes - 1); /* bytes in (2^log, 2^(log+1)] */
    bool upper_half = bytes > (1ull << log) + (1ull << log) / 2;
    return (log - 4) * 2 + (upper_half ? 2 : 1);
}

static size_t class_bytes(unsigned class)
{
    size_t power = (size_t)16 << (class / 2);
    return class % 2 ? power + power / 2 : power;
}

_Static_assert(ARENA_CLASSES > 2 * (16 - 4), "the classes reach LARGE_BYTES");

static size_t round_up(size_t bytes, size_t to) { return (bytes + to - 1) & ~(to - 1); }

void arena_init(struct arena *arena)
{
    words_clear(arena, sizeof(*arena));
    spin_init(&arena->lock, RANK_ARENA);
}

static void *map_counted(struct arena *arena, size_t bytes)
{
    if (arena->limit && arena->reserved + bytes > arena->limit)
        return NULL;
    void *start = sys_map(bytes);
    if (start)
        arena->reserved += bytes;
    return start;
}

/* Cuts a small block from the current chunk; blocks of 64 bytes and more start on a cache line. */
static void *cut(struct arena *arena, size_t bytes)
{
    size_t alignment = bytes >= CACHE_LINE ? CACHE_LINE : 16;
    char *block = (char *)round_up((uintptr_t)arena->next, alignment);
    if (!arena->next || block + bytes > arena->end) {
        arena->next = map_counted(arena, CHUNK_BYTES);
        arena->end = arena->next ? arena->next + CHUNK_BYTES : NULL;
        block = arena->next;
        if (!block)
            return NULL;
    }
    arena->next = block + bytes;
    return block;
}

static void *alloc_small(struct arena *arena, size_t bytes)
{
    unsigned class = class_of(bytes);
    void *block = arena->free_list[class];
    if (!block)
        return cut(arena, round_up(class_bytes(class), 16));
    arena->free_list[class] = *(void **)block;
    words_clear(block, bytes);
    return block;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    spin_lock(&arena->lock);
    void *block = bytes > LARGE_BYTES ? map_counted(arena, round_up(bytes, PAGE_BYTES))
                                      : alloc_small(arena, bytes);
    if (block)
        arena->used += bytes;
    else
        arena->failed++;
    spin_unlock(&arena->lock);
    return block;
}

void arena_free(struct arena *arena, void *block, size_t bytes)
{
    if (!block)
        return;
    spin_lock(&arena->lock);
    arena->used -= bytes;
    if (bytes > LARGE_BYTES) {
        size_t mapped = round_up(bytes, PAGE_BYTES);
        sys_unmap(block, mapped);
        arena->reserved -= mapped;
    } else {
        unsigned class = class_of(bytes);
        *(void **)block = arena->free_list[class];
        arena->free_list[class] = block;
    }
    spin_unlock(&arena->lock);
}

void *arena_grow(struct arena *arena, void *block, size_t old_bytes, size_t new_bytes)
{
    void *larger = arena_alloc(arena, new_bytes);
    if (!larger)
        return NULL;
    if (block)
        words_copy(larger, block, old_bytes < new_bytes ? old_bytes : new_bytes);
    arena_free(arena, block, old_bytes);
    return larger;
}

bool arena_is_valid(struct arena *arena)
{
    bool valid = true;
    spin_lock(&arena->lock);
    for (unsigned class = 0; class < ARENA_CLASSES && valid; class ++) {
        uint64_t seen = 0;
        for (char *block = arena->free_list[class]; block; seen++) {
            if ((uintptr_t)block % 16 != 0 || seen * class_bytes(class) > arena->reserved) {
                valid = false; /* misaligned, or a cycle */
                break;
            }
            block = *(char **)(void *)block;
        }
    }
    spin_unlock(&arena->lock);
    return valid;
}
