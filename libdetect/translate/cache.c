/* SPDX-License-Identifier: MIT */
/* Regions and chunks of the code cache, and which fragment is where; see cache.h. Placing regions: place_region.c. */
#include "translate/cache.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "translate/arch.h"
#include "translate/ranges.h"
#include "translate/region.h"
#include "translate/translator.h"

/* Fragments by the stretch of program code that their pc lies in, for cache_inside. */
/* What is kept of evicted fragments grows for as long as others take their place; beyond this, translation ends. */
#define EVICTED_METADATA_MAX ((size_t)512 << 20)

enum { STRETCH_SHIFT = 9, FIRST_HEADS = 1024 };

static struct {
    struct tr_fragment **heads;
    size_t mask, count;
    size_t longest; /* bytes of program code of any fragment so far */
} near;

struct tr_region *cache_regions;
static uint64_t last_sequence;

/* --- finding ------------------------------------------------------------------------------------------------------ */

struct tr_region *cache_region_of(uintptr_t code)
{
    /* Pairs with region_make's store_release. */
    for (struct tr_region *region = load_acquire(&cache_regions); region; region = region->older) {
        if (code - region->start < region->end - region->start)
            return region;
    }
    return NULL;
}

bool cache_contains(uintptr_t code) { return cache_region_of(code) != NULL; }

struct tr_chunk *cache_chunk_of(uintptr_t code)
{
    struct tr_region *region = cache_region_of(code);
    return region ? &region->chunks[(code - region->start) / CHUNK_SIZE] : NULL;
}

static bool ends_before(const struct tr_fragment *fragment, uintptr_t code) { return fragment->code_end <= code; }
static bool is_cold_above(const struct tr_fragment *fragment, uintptr_t code) { return fragment->cold > code; }

/* The first of `count` that is not passed; count: none. */
static uint32_t search(struct tr_fragment *const *fragments, uint32_t count, uintptr_t code,
                       bool (*is_passed)(const struct tr_fragment *fragment, uintptr_t code))
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (is_passed(fragments[middle], code))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct tr_fragment *cache_fragment(uintptr_t code)
{
    struct tr_chunk *chunk = cache_chunk_of(code);
    if (!chunk)
        return NULL;
    uint32_t count = load_acquire(&chunk->count); /* pairs with append's store_release */
    struct tr_fragment **fragments = load_acquire(&chunk->fragments);
    uint32_t i = search(fragments, count, code, ends_before);
    if (i < count)
        return fragments[i]->code <= code ? fragments[i] : NULL;
    i = search(fragments, count, code, is_cold_above);
    return i < count && code < fragments[i]->cold_end ? fragments[i] : NULL;
}

bool cache_place(uintptr_t code, struct tr_place *place)
{
    struct tr_chunk *chunk = cache_chunk_of(code);
    if (!chunk)
        return tr_arch.enter_place(code, place);
    if (load_relaxed(&chunk->state) == CHUNK_STUBS)
        return indirect_place(chunk, code, place) || tr_arch.enter_place(code, place);
    struct tr_fragment *fragment = cache_fragment(code);
    return fragment && fragment_place(fragment, code, place);
}

/* --- chunks --------------------------------------------------------------------------------------------------------- */

static bool within_reach(uintptr_t a, uintptr_t b)
{
    return (a > b ? a - b : b - a) < REGION_REACH;
}

bool region_reaches(const struct tr_region *region, uintptr_t low, uintptr_t high)
{
    return within_reach(region->start, low) && within_reach(region->start, high) && within_reach(region->end, low) &&
           within_reach(region->end, high);
}

static struct tr_chunk *take_chunk(struct tr_region *region)
{
    for (uint32_t i = 0; i < region->chunks_used; i++) {
        if (region->chunks[i].state == CHUNK_FREE)
            return &region->chunks[i];
    }
    return region->chunks_used < region->chunk_count ? &region->chunks[region->chunks_used++] : NULL;
}

static bool make_executable(const struct tr_region *region, const struct tr_chunk *chunk)
{
    if (translator.dual)
        return true; /* made so when the region was */
    return sys_call(SYS_mprotect, (long)chunk->start, (long)(chunk->end - chunk->start),
                    PROT_READ | PROT_WRITE | PROT_EXEC, 0, 0, 0) == 0 && region;
}

static void open_chunk(struct tr_region *region, struct tr_chunk *chunk)
{
    chunk->start = region->start + (uintptr_t)(chunk - region->chunks) * CHUNK_SIZE;
    chunk->end = chunk->start + CHUNK_SIZE;
    chunk->cold = chunk->end;
    chunk->next = chunk == region->chunks ? region->shared_end : chunk->start;
    chunk->dropped = false;
    chunk->sequence = ++last_sequence;
    chunk->count = 0;
}

static bool serves(const struct tr_region *region, uintptr_t low, uintptr_t high)
{
    return region->far || region_reaches(region, low, high);
}

struct tr_chunk *cache_chunk_in(struct tr_region *region)
{
    struct tr_chunk *chunk = take_chunk(region);
    if (!chunk)
        return NULL;
    open_chunk(region, chunk);
    if (!make_executable(region, chunk))
        return NULL;
    store_relaxed(&chunk->state, CHUNK_OPEN);
    translator.live_bytes += CHUNK_SIZE;
    return chunk;
}

static struct tr_chunk *chunk_for(uintptr_t low, uintptr_t high, struct tr_region **found)
{
    for (struct tr_region *region = cache_regions; region; region = region->older) {
        struct tr_chunk *chunk = serves(region, low, high) ? cache_chunk_in(region) : NULL;
        if (!chunk)
            continue;
        *found = region;
        return chunk;
    }
    return NULL;
}

bool cache_reserve(const struct tr_range *range)
{
    for (struct tr_region *region = cache_regions; region; region = region->older) {
        bool room = region->chunks_used < region->chunk_count;
        if (room && region_reaches(region, range->module.low, range->module.high))
            return true;
    }
    return region_make(range->module.low, range->module.high) != NULL;
}

static size_t cache_limit(void)
{
    return translator.options.cache_limit ? translator.options.cache_limit : (size_t)256 << 20;
}

static struct tr_chunk *next_chunk(struct tr_range *range, struct tr_region **region)
{
    if (range->chunk)
        range->chunk->state = CHUNK_FULL;
    range->chunk = NULL;
    if (translator.live_bytes + CHUNK_SIZE > cache_limit())
        evict_oldest(translator.live_bytes + CHUNK_SIZE - cache_limit());
    if (translator.evicted_metadata > EVICTED_METADATA_MAX)
        return NULL;
    struct tr_chunk *chunk = chunk_for(range->module.low, range->module.high, region);
    if (!chunk && region_make(range->module.low, range->module.high))
        chunk = chunk_for(range->module.low, range->module.high, region);
    if (chunk)
        chunk->owner = range;
    range->chunk = chunk;
    return chunk;
}

struct tr_region *cache_region(uintptr_t pc, size_t bytes)
{
    struct tr_range *range = range_find(pc);
    if (!range || bytes > FRAGMENT_MAX)
        return NULL;
    struct tr_chunk *chunk = range->chunk;
    struct tr_region *region = chunk ? cache_region_of(chunk->start) : NULL;
    if (!chunk || chunk->cold - chunk->next < bytes)
        chunk = next_chunk(range, &region);
    if (!chunk)
        return NULL;
    region->next = chunk->next;
    region->limit = chunk->cold;
    return region;
}

/* --- publishing ------------------------------------------------------------------------------------------------------- */

static bool append(struct tr_chunk *chunk, struct tr_fragment *fragment)
{
    if (chunk->count == chunk->capacity) {
        uint32_t capacity = chunk->capacity ? 2 * chunk->capacity : 128;
        struct tr_fragment **larger = arena_alloc(translator.host->arena, capacity * sizeof(*larger));
        if (!larger)
            return false;
        if (chunk->count)
            memcpy(larger, chunk->fragments, chunk->count * sizeof(*larger));
        store_release(&chunk->fragments, larger); /* the old one stays: a reader may be in it */
        chunk->capacity = capacity;
    }
    chunk->fragments[chunk->count] = fragment;
    store_release(&chunk->count, chunk->count + 1); /* to cache_fragment's load_acquire */
    return true;
}

static struct tr_fragment **near_head(uintptr_t pc)
{
    return &near.heads[(pc >> STRETCH_SHIFT) * 0x9e3779b97f4a7c15u >> 20 & near.mask];
}

static bool near_grow(void)
{
    size_t slots = near.heads ? 2 * (near.mask + 1) : FIRST_HEADS;
    struct tr_fragment **old = near.heads;
    size_t old_slots = old ? near.mask + 1 : 0;
    struct tr_fragment **larger = arena_alloc(translator.host->arena, slots * sizeof(*larger));
    if (!larger)
        return false;
    near.heads = larger;
    near.mask = slots - 1;
    for (size_t i = 0; i < old_slots; i++) {
        for (struct tr_fragment *f = old[i], *next; f; f = next) {
            next = f->next_near;
            f->next_near = *near_head(f->pc);
            *near_head(f->pc) = f;
        }
    }
    arena_free(translator.host->arena, old, old_slots * sizeof(*old));
    return true;
}

static bool near_add(struct tr_fragment *fragment)
{
    if ((!near.heads || near.count > near.mask) && !near_grow() && !near.heads)
        return false;
    near.count++;
    if (fragment->pc_end - fragment->pc > near.longest)
        near.longest = fragment->pc_end - fragment->pc;
    fragment->next_near = *near_head(fragment->pc);
    *near_head(fragment->pc) = fragment;
    return true;
}

static void near_remove(struct tr_fragment *fragment)
{
    for (struct tr_fragment **at = near_head(fragment->pc); *at; at = &(*at)->next_near) {
        if (*at != fragment)
            continue;
        *at = fragment->next_near;
        near.count--;
        return;
    }
}

uintptr_t cache_inside(uintptr_t pc, struct tr_fragment **fragment)
{
    if (!near.heads)
        return 0;
    uintptr_t lowest = pc > near.longest ? (pc - near.longest) >> STRETCH_SHIFT : 0;
    for (uintptr_t stretch = pc >> STRETCH_SHIFT; stretch + 1 > lowest; stretch--) {
        for (struct tr_fragment *f = *near_head(stretch << STRETCH_SHIFT); f; f = f->next_near) {
            bool covers = pc - f->pc < f->pc_end - f->pc && !f->transient;
            uintptr_t code = covers ? fragment_code_at(f, pc) : 0;
            if (!code)
                continue;
            *fragment = f;
            return code;
        }
    }
    return 0;
}

bool cache_publish(struct tr_fragment *fragment)
{
    struct tr_chunk *chunk = cache_chunk_of(fragment->code);
    if (!chunk || chunk->next != fragment->code || fragment->code_end > fragment->cold || fragment->cold_end > chunk->cold)
        return false;
    if (!near_add(fragment))
        return false;
    if (!append(chunk, fragment)) {
        near_remove(fragment);
        return false;
    }
    chunk->next = (fragment->code_end + 3) & ~(uintptr_t)3; /* not more: see x86_64/indirect.c on predictors */
    chunk->cold = fragment->cold;
    if (chunk->next > chunk->cold)
        chunk->next = chunk->cold;
    translator.fragments_since_flush++;
    stat_add(&translator.stats.fragments, 1);
    stat_add(&translator.stats.program_bytes, fragment->pc_end - fragment->pc);
    stat_add(&translator.stats.cache_bytes, fragment->code_end - fragment->code + fragment->cold_end - fragment->cold);
    stat_add(&translator.stats.metadata_bytes, sizeof(*fragment) + fragment->places_size +
             fragment->exit_count * sizeof(struct tr_exit));
    return fragment->transient || map_set(fragment->pc, fragment->code);
}

/* The map has entries for any of the fragment's instructions. */
void cache_forget(struct tr_fragment *fragment)
{
    near_remove(fragment);
    for (uintptr_t pc = fragment->pc; pc < fragment->pc_end; pc++) {
        uintptr_t code = map_find(pc);
        if (code - fragment->code < fragment->code_end - fragment->code)
            map_set(pc, 0);
    }
}
