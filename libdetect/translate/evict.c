/* SPDX-License-Identifier: MIT */
/* Fragments that go: because the cache is full, because their module does, or because translation is left. Lock held.
 *
 * First nobody finds the fragment any more (map), then nothing leads in (links), then its pages lose PROT_EXEC: a
 * thread inside, or one that returns there, faults and is sent on by fault.c, which needs the fragments' places; so
 * these stay. Only when its module has gone may a chunk's addresses be used again: returning into a module that was
 * unmapped is an error of the program's without us as well. */
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "translate/ranges.h"
#include "translate/translator.h"

static void release_exits(struct tr_fragment *fragment)
{
    exits_detach(fragment);
    stat_add(&translator.stats.metadata_bytes, -(uint64_t)fragment->exit_count * sizeof(struct tr_exit));
    arena_free(translator.host->arena, fragment->exits, fragment->exit_count * sizeof(struct tr_exit));
    fragment->exits = NULL;
    fragment->exit_count = 0;
}

/* Gives the memory of [start, end) back; the addresses stay reserved. */
static void drop_pages(struct tr_chunk *chunk, uintptr_t start, uintptr_t end)
{
    chunk->dropped = true;
    const struct tr_region *region = cache_region_of(chunk->start);
    sys_call(SYS_mprotect, (long)start, (long)(end - start), PROT_NONE, 0, 0, 0);
    sys_call(SYS_madvise, (long)start + region->write_delta, (long)(end - start),
             region->write_delta ? MADV_REMOVE : MADV_DONTNEED, 0, 0, 0);
}

static size_t kept_bytes(const struct tr_fragment *fragment) { return sizeof(*fragment) + fragment->places_size; }

static void evict_fragments(struct tr_chunk *chunk)
{
    for (uint32_t i = chunk->evicted; i < chunk->count; i++) {
        struct tr_fragment *fragment = chunk->fragments[i];
        cache_forget(fragment);
        store_relaxed(&fragment->evicted, true);
        stat_add(&translator.stats.evictions, 1);
    }
    for (uint32_t i = chunk->evicted; i < chunk->count; i++) {
        release_exits(chunk->fragments[i]);
        translator.evicted_metadata += kept_bytes(chunk->fragments[i]);
    }
    chunk->evicted = chunk->count;
}

static void close_chunk(struct tr_chunk *chunk)
{
    evict_fragments(chunk);
    if (chunk->owner && chunk->owner->chunk == chunk)
        chunk->owner->chunk = NULL;
    store_relaxed(&chunk->state, CHUNK_EVICTED);
    translator.live_bytes -= CHUNK_SIZE;
}

static bool is_live(const struct tr_chunk *chunk) { return chunk->state == CHUNK_OPEN || chunk->state == CHUNK_FULL; }

void evict_chunk(struct tr_chunk *chunk)
{
    if (!is_live(chunk))
        return;
    close_chunk(chunk);
    drop_pages(chunk, chunk->start, chunk->end);
}

/* What the chunk holds so far; it goes on with its next pages. */
static void evict_begun(struct tr_chunk *chunk)
{
    uintptr_t next = (chunk->next + 4095) & ~(uintptr_t)4095, cold = chunk->cold & ~(uintptr_t)4095;
    if (chunk->state == CHUNK_FULL || next >= cold) {
        evict_chunk(chunk);
        return;
    }
    if (chunk->state != CHUNK_OPEN || chunk->evicted == chunk->count)
        return;
    evict_fragments(chunk);
    drop_pages(chunk, chunk->start, next);
    drop_pages(chunk, cold, chunk->end);
    chunk->next = next;
    chunk->cold = cold;
}

static struct tr_chunk *oldest(void)
{
    struct tr_chunk *found = NULL;
    for (struct tr_region *region = cache_regions; region; region = region->older) {
        for (uint32_t i = 0; i < region->chunks_used; i++) {
            struct tr_chunk *chunk = &region->chunks[i];
            if (is_live(chunk) && (!found || chunk->sequence < found->sequence))
                found = chunk;
        }
    }
    return found;
}

void evict_oldest(size_t bytes)
{
    for (size_t done = 0; done < bytes; done += CHUNK_SIZE) {
        struct tr_chunk *chunk = oldest();
        if (!chunk)
            return;
        evict_chunk(chunk);
    }
}

static void for_each_chunk(void (*function)(struct tr_chunk *chunk, void *arg), void *arg)
{
    for (struct tr_region *region = cache_regions; region; region = region->older) {
        for (uint32_t i = 0; i < region->chunks_used; i++)
            function(&region->chunks[i], arg);
    }
}

static void evict_one(struct tr_chunk *chunk, void *arg)
{
    (void)arg;
    evict_begun(chunk);
}

void evict_all(void) { for_each_chunk(evict_one, NULL); }

static void free_fragments(struct tr_chunk *chunk)
{
    struct arena *arena = translator.host->arena;
    uint32_t count = chunk->count;
    store_release(&chunk->count, 0);
    chunk->evicted = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct tr_fragment *fragment = chunk->fragments[i];
        translator.evicted_metadata -= kept_bytes(fragment);
        stat_add(&translator.stats.metadata_bytes, -(uint64_t)kept_bytes(fragment));
        arena_free(arena, fragment->places, fragment->places_size);
        arena_free(arena, fragment, sizeof(*fragment));
    }
}

static void release_owned(struct tr_chunk *chunk, void *range)
{
    if (chunk->owner != range)
        return;
    evict_chunk(chunk);
    chunk->owner = NULL;
}

/* Pages of a two-fold mapping that are not executable any more cannot always become so again. */
static void evict_owned(struct tr_chunk *chunk, void *range)
{
    if (chunk->owner != range)
        return;
    if (is_live(chunk) && translator.dual && !chunk->dropped)
        close_chunk(chunk);
    release_owned(chunk, range);
    free_fragments(chunk);
    if (!translator.dual || !chunk->dropped)
        store_relaxed(&chunk->state, CHUNK_FREE);
}

static void free_hooks(struct tr_range *range)
{
    struct tr_hook *next;
    for (struct tr_hook *hook = range->hooks; hook; hook = next) {
        next = hook->next;
        stat_add(&translator.stats.metadata_bytes, -(uint64_t)hook->size);
        arena_free(translator.host->arena, hook, hook->size);
    }
    range->hooks = NULL;
}

void evict_range(struct tr_range *range, bool is_gone)
{
    for_each_chunk(is_gone ? evict_owned : release_owned, range);
    if (is_gone) {
        indirect_forget(range->module.low, range->module.high);
        free_hooks(range);
        unwinder_forget();
        origins_forget();
    }
}
