/* SPDX-License-Identifier: MIT */
/* The table of the program's synchronisation objects; see objects.h. Called by all parts of the
 * analysis; what changes it runs under the analysis lock. */
#include "analysis/objects.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <threads.h>

#define PAGE_SHIFT 12
#define GRANULE_SHIFT 6
#define FIRST_SLOTS 1024u
#define SLAB_PAGES 128u

_Static_assert(sizeof(struct object_slab) > 64u << 10, "slabs are mapped: only what is used is touched");

/* Numbers (descriptors, signals) are spread so that each has a granule of its own, in pages that no
 * memory has. Two that share a page and granule share a chain; the record holds the exact address. */
static uint64_t place_of(enum object_kind kind, uintptr_t addr)
{
    if (kind == OBJECT_FD || kind == OBJECT_SIGNAL)
        return (uint64_t)addr << GRANULE_SHIFT | (uint64_t)kind << 56;
    return addr;
}

static uint64_t page_of(uint64_t place) { return place >> PAGE_SHIFT; }
static unsigned granule_of(uint64_t place) { return (unsigned)(place >> GRANULE_SHIFT) & 63; }

void objects_init(struct object_table *table, struct arena *arena)
{
    memset(table, 0, sizeof(*table));
    table->arena = arena;
    table->lowest = UINTPTR_MAX;
}

/* --- pages ------------------------------------------------------------------------------------ */

static uint64_t first_probe(const struct object_pages *pages, uint64_t number)
{
    return (number * 0x9e3779b97f4a7c15u >> 32) & pages->mask;
}

/* At most half of the slots are used, so there is always an empty one to end at. */
static struct object_page *probe(const struct object_pages *pages, uint64_t number)
{
    uint64_t slot = first_probe(pages, number);
    for (uint64_t tries = 0; tries <= pages->mask; tries++, slot = (slot + 1) & pages->mask) {
        struct object_page *page = load_acquire(&pages->slots[slot]);
        if (!page)
            return NULL;
        if (load_relaxed(&page->number) == number)
            return page;
    }
    return NULL;
}

/* Without the lock the answer NULL counts only if no rebuild came in between: the spare table is
 * written again then, and a reader may still be in it. */
static struct object_page *find_page(const struct object_table *table, uint64_t number)
{
    for (;;) {
        uint64_t version = load_acquire(&table->version);
        const struct object_pages *pages = load_acquire(&table->pages);
        struct object_page *page = pages ? probe(pages, number) : NULL;
        if (page)
            return page;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (LIKELY(load_relaxed(&table->version) == version))
            return NULL;
    }
}

static void put_page(struct object_pages *pages, struct object_page *page)
{
    uint64_t slot = first_probe(pages, page->number);
    while (pages->slots[slot])
        slot = (slot + 1) & pages->mask;
    /* Releases the page's fields to the load_acquire in probe(). */
    store_release(&pages->slots[slot], page);
}

static size_t pages_bytes(uint64_t slots)
{
    return sizeof(struct object_pages) + slots * sizeof(struct object_page *);
}

/* Memory for a table of this many slots: the spare one if it has them. A spare one of another size is
 * kept for ever, a reader may be in it; the sizes grow by powers of two, so all of them together are at
 * most as large as the present one. */
static struct object_pages *take_table(struct object_table *table, uint64_t slots)
{
    struct object_pages *pages = table->spare;
    table->spare = NULL;
    if (pages && pages->mask + 1 == slots) {
        memset(pages->slots, 0, slots * sizeof(pages->slots[0]));
        return pages;
    }
    pages = arena_alloc(table->arena, pages_bytes(slots));
    if (pages)
        pages->mask = slots - 1;
    return pages;
}

/* Moves all pages that have objects to a table with room; never to a smaller one. */
static bool rebuild(struct object_table *table)
{
    struct object_pages *old = table->pages;
    uint64_t live = 0, slots = old ? old->mask + 1 : FIRST_SLOTS;
    for (uint64_t i = 0; old && i <= old->mask; i++)
        live += old->slots[i] && old->slots[i]->map;
    if (live * 4 >= slots)
        slots *= 2;
    /* Readers that find nothing from here on look again (find_page). */
    fetch_add_acq_rel(&table->version, 1);
    struct object_pages *pages = take_table(table, slots);
    if (!pages) {
        table->lost++;
        fetch_add_acq_rel(&table->version, 1);
        return false;
    }
    for (uint64_t i = 0; old && i <= old->mask; i++) {
        struct object_page *page = old->slots[i];
        if (page && page->map) {
            put_page(pages, page);
        } else if (page) {
            page->next_free = table->free_pages;
            table->free_pages = page;
        }
    }
    table->page_count = live;
    table->spare = old;
    store_release(&table->pages, pages);
    fetch_add_acq_rel(&table->version, 1);
    return true;
}

static uint64_t *seen_word(struct object_table *table, uint64_t number)
{
    return &table->seen[number % OBJECT_SEEN_PAGES / 64];
}

static void note_seen(struct object_table *table, uint64_t number)
{
    uint64_t *word = seen_word(table, number);
    store_relaxed(word, *word | 1ull << (number & 63));
}

static bool was_seen(struct object_table *table, uint64_t number)
{
    return load_relaxed(seen_word(table, number)) >> (number & 63) & 1;
}

static bool add_pages(struct object_table *table)
{
    struct object_page *pages = arena_alloc(table->arena, SLAB_PAGES * sizeof(*pages));
    if (!pages)
        return false;
    for (unsigned i = 0; i < SLAB_PAGES; i++) {
        pages[i].next_free = table->free_pages;
        table->free_pages = &pages[i];
    }
    return true;
}

static struct object_page *new_page(struct object_table *table, uint64_t number)
{
    if ((!table->pages || (table->page_count + 1) * 2 > table->pages->mask) && !rebuild(table) &&
        (!table->pages || table->page_count + 1 >= table->pages->mask))
        return NULL;
    if (!table->free_pages && !add_pages(table)) {
        table->lost++;
        return NULL;
    }
    struct object_page *page = table->free_pages;
    table->free_pages = page->next_free;
    store_relaxed(&page->number, number);
    note_seen(table, number);
    put_page(table->pages, page);
    table->page_count++;
    return page;
}

/* --- records ---------------------------------------------------------------------------------- */

static bool grow_directory(struct object_table *table)
{
    uint32_t capacity = table->slab_capacity ? table->slab_capacity * 2 : 64;
    struct object_slab **slabs =
        arena_grow(table->arena, table->slabs, table->slab_capacity * sizeof(*slabs),
                   capacity * sizeof(*slabs));
    if (!slabs)
        return false;
    table->slabs = slabs;
    table->slab_capacity = capacity;
    return true;
}

static bool add_slab(struct object_table *table)
{
    if (table->slab_count == table->slab_capacity && !grow_directory(table))
        return false;
    struct object_slab *slab = arena_alloc(table->arena, sizeof(*slab));
    if (!slab)
        return false;
    table->slabs[table->slab_count++] = slab;
    return true;
}

static struct object *take_record(struct object_table *table)
{
    struct object *object = table->free_records;
    if (object) {
        table->free_records = object_rest(object)->next;
        return object;
    }
    if (table->record_count == table->slab_count * OBJECTS_IN_SLAB && !add_slab(table)) {
        table->lost++;
        return NULL;
    }
    uint32_t number = table->record_count++;
    object = &table->slabs[number / OBJECTS_IN_SLAB]->records[number % OBJECTS_IN_SLAB];
    object->uid = number + 1;
    return object;
}

/* All but the number, by which a reader that comes from the record's former place goes on to the next one. */
static void clear_record(struct object *object)
{
    memset(object, 0, offsetof(struct object, uid));
    memset(&object->alone, 0, sizeof(*object) - offsetof(struct object, alone));
    *object_rest(object) = (struct object_rest){0};
}

void objects_renew(struct object *object)
{
    lock_uid uid = object->uid + (1ull << OBJECT_NUMBER_BITS);
    object->uid = uid <= LG_MAX_UID ? uid : uid & OBJECT_NUMBER_MASK;
    store_relaxed(&object->alone, LG_ROOT);
}

struct object *objects_by_uid(const struct object_table *table, lock_uid uid)
{
    uint64_t number = (uid & OBJECT_NUMBER_MASK) - 1;
    if (number >= table->record_count)
        return NULL;
    struct object *object = &table->slabs[number / OBJECTS_IN_SLAB]->records[number % OBJECTS_IN_SLAB];
    return object->uid == uid && object->state != STATE_NONE ? object : NULL;
}

struct object *objects_find(struct object_table *table, enum object_kind kind, uintptr_t addr)
{
    uint64_t place = place_of(kind, addr);
    struct object_page *page = find_page(table, page_of(place));
    if (!page || !(load_relaxed(&page->map) >> granule_of(place) & 1))
        return NULL;
    struct object *object = load_acquire(&page->granules[granule_of(place)]);
    while (object && !(load_relaxed(&object->addr) == addr && object->kind == kind &&
                       object->state != STATE_NONE))
        object = load_acquire(&object_rest(object)->next);
    return object;
}

/* --- caches ------------------------------------------------------------------------------------------- */

static uint32_t cache_size(const struct object_cache *cache)
{
    return cache->slots ? 1u << (64 - cache->shift) : 0;
}

static bool cache_make(struct object_table *table, struct object_cache *cache, uint32_t size)
{
    cache->slots = arena_alloc(table->arena, size * sizeof(*cache->slots));
    cache->shift = 64 - (uint32_t)__builtin_ctz(size);
    cache->conflicts = 0;
    return cache->slots != NULL;
}

bool objects_cache_init(struct object_table *table, struct object_cache *cache)
{
    return cache_make(table, cache, OBJECT_CACHE_FIRST);
}

void objects_cache_clear(struct object_table *table, struct object_cache *cache)
{
    arena_free(table->arena, cache->slots, cache_size(cache) * sizeof(*cache->slots));
    cache->slots = NULL;
}

/* Twice the size; stays as it is without memory. The process may be copied by another thread's fork at any point,
 * and its child clears the cache: the smaller size goes with the larger block meanwhile. */
static void cache_grow(struct object_table *table, struct object_cache *cache)
{
    struct object_cache larger;
    struct object **old = cache->slots;
    uint32_t size = cache_size(cache);
    cache->conflicts = 0;
    if (!cache_make(table, &larger, 2 * size))
        return;
    for (uint32_t i = 0; i < size; i++)
        if (old[i])
            *object_cache_slot(&larger, load_relaxed(&old[i]->addr)) = old[i];
    store_release(&cache->slots, larger.slots);
    store_release(&cache->shift, larger.shift);
    compiler_barrier();
    arena_free(table->arena, old, size * sizeof(*old));
}

static void cache_put(struct object_table *table, struct object_cache *cache, struct object *object)
{
    struct object **slot = object_cache_slot(cache, object->addr);
    if (*slot && load_relaxed(&(*slot)->state) == STATE_LIVE && ++cache->conflicts > cache_size(cache) &&
        cache_size(cache) < OBJECT_CACHE_LAST) {
        cache_grow(table, cache);
        slot = object_cache_slot(cache, object->addr);
    }
    *slot = object;
}

struct object *objects_find_in(struct object_table *table, struct object_cache *cache,
                               enum object_kind kind, uintptr_t addr)
{
    struct object *object = objects_cached(cache, kind, addr);
    if (object)
        return object;
    object = objects_find(table, kind, addr);
    if (!object || load_relaxed(&object->state) != STATE_LIVE)
        return NULL;
    cache_put(table, cache, object);
    return object;
}

static void widen(struct object_table *table, uintptr_t addr)
{
    if (addr < table->lowest)
        store_relaxed(&table->lowest, addr);
    if (addr > table->highest)
        store_relaxed(&table->highest, addr);
}

struct object *objects_add(struct object_table *table, enum object_kind kind, uintptr_t addr)
{
    uint64_t place = place_of(kind, addr);
    struct object_page *page = find_page(table, page_of(place));
    if (!page && !(page = new_page(table, page_of(place))))
        return NULL;
    struct object *object = take_record(table);
    if (!object)
        return NULL;
    clear_record(object);
    objects_renew(object);
    object->addr = addr;
    object->kind = (uint8_t)kind;
    store_release(&object->state, STATE_LIVE);
    if (object_size(kind))
        widen(table, addr);
    struct object **head = &page->granules[granule_of(place)];
    object_rest(object)->next = *head;
    /* Releases the record to the load_acquire in objects_find(). */
    store_release(head, object);
    fetch_or_relaxed(&page->map, 1ull << granule_of(place));
    table->alive++;
    return object;
}

void objects_remove(struct object_table *table, struct object *object)
{
    uint64_t place = place_of(object->kind, object->addr);
    struct object_page *page = find_page(table, page_of(place));
    struct object **link = &page->granules[granule_of(place)];
    while (*link != object)
        link = &object_rest(*link)->next;
    store_release(link, object_rest(object)->next);
    if (!page->granules[granule_of(place)])
        fetch_and_relaxed(&page->map, ~(1ull << granule_of(place)));
    store_relaxed(&object->state, STATE_NONE);
    store_relaxed(&object->addr, 0);
    object_rest(object)->next = table->free_records;
    table->free_records = object;
    table->alive--;
}

/* --- ranges ----------------------------------------------------------------------------------- */

/* The granules of the page that the range touches. */
static uint64_t granule_mask(uint64_t page, uintptr_t addr, uintptr_t last)
{
    unsigned from = page == page_of(addr) ? granule_of(addr) : 0;
    unsigned to = page == page_of(last) ? granule_of(last) : 63;
    return (~0ull << from) & (~0ull >> (63 - to));
}

bool objects_may_hold(struct object_table *table, uintptr_t addr, size_t size)
{
    uintptr_t last = addr + size - 1;
    if (size == 0 || addr > load_relaxed(&table->highest) || last < load_relaxed(&table->lowest))
        return false;
    if (page_of(last) - page_of(addr) >= 64)
        return true;
    for (uint64_t number = page_of(addr); number <= page_of(last); number++) {
        struct object_page *page = was_seen(table, number) ? find_page(table, number) : NULL;
        if (page && load_relaxed(&page->map) & granule_mask(number, addr, last))
            return true;
    }
    return false;
}

static void visit_page(struct object_page *page, uintptr_t addr, uintptr_t last,
                       void (*visit)(void *ctx, struct object *object), void *ctx)
{
    uint64_t map = page->map & granule_mask(page->number, addr, last);
    for (; map; map &= map - 1) {
        struct object *next, *object = page->granules[__builtin_ctzll(map)];
        for (; object; object = next) {
            next = object_rest(object)->next;
            if (object->addr >= addr && object->addr <= last && object_size(object->kind))
                visit(ctx, object);
        }
    }
}

void objects_visit(struct object_table *table, uintptr_t addr, size_t size,
                   void (*visit)(void *ctx, struct object *object), void *ctx)
{
    uintptr_t last = addr + size - 1;
    struct object_pages *pages = table->pages;
    if (size == 0 || !pages)
        return;
    if (page_of(last) - page_of(addr) < pages->mask) {
        for (uint64_t number = page_of(addr); number <= page_of(last); number++) {
            struct object_page *page = find_page(table, number);
            if (page)
                visit_page(page, addr, last, visit, ctx);
        }
        return;
    }
    for (uint64_t i = 0; i <= pages->mask; i++) {
        struct object_page *page = pages->slots[i];
        if (page && page->number >= page_of(addr) && page->number <= page_of(last))
            visit_page(page, addr, last, visit, ctx);
    }
}

void objects_visit_all(struct object_table *table, void (*visit)(void *ctx, struct object *object),
                       void *ctx)
{
    for (uint32_t i = 0; i < table->record_count; i++) {
        struct object *object = &table->slabs[i / OBJECTS_IN_SLAB]->records[i % OBJECTS_IN_SLAB];
        if (object->state != STATE_NONE)
            visit(ctx, object);
    }
}

/* --- kinds ------------------------------------------------------------------------------------ */

size_t object_size(enum object_kind kind)
{
    static const uint8_t sizes[OBJECT_KINDS] = {
        [OBJECT_MUTEX] = sizeof(pthread_mutex_t), [OBJECT_MTX] = sizeof(mtx_t),
        [OBJECT_RWLOCK] = sizeof(pthread_rwlock_t), [OBJECT_SPIN] = sizeof(pthread_spinlock_t),
        [OBJECT_COND] = sizeof(pthread_cond_t), [OBJECT_SEM] = sizeof(sem_t),
        [OBJECT_BARRIER] = sizeof(pthread_barrier_t), [OBJECT_ONCE] = sizeof(pthread_once_t),
        [OBJECT_FUTEX] = sizeof(uint32_t), [OBJECT_USER] = 1,
    };
    return kind < OBJECT_KINDS ? sizes[kind] : 0;
}

bool object_is_lock(enum object_kind kind)
{
    return kind == OBJECT_MUTEX || kind == OBJECT_MTX || kind == OBJECT_RWLOCK ||
           kind == OBJECT_SPIN;
}

/* --- validity --------------------------------------------------------------------------------- */

static bool page_is_valid(const struct object_page *page, uint64_t *records)
{
    for (unsigned g = 0; g < 64; g++) {
        if ((page->granules[g] != NULL) != (page->map >> g & 1))
            return false;
        for (const struct object *o = page->granules[g]; o; o = object_rest(o)->next, ++*records) {
            uint64_t place = place_of(o->kind, o->addr);
            if (o->state == STATE_NONE || page_of(place) != page->number || granule_of(place) != g)
                return false;
        }
    }
    return true;
}

bool objects_is_valid(struct object_table *table)
{
    uint64_t records = 0, pages = 0;
    for (uint64_t i = 0; table->pages && i <= table->pages->mask; i++) {
        struct object_page *page = table->pages->slots[i];
        if (!page)
            continue;
        pages++;
        if (probe(table->pages, page->number) != page || !page_is_valid(page, &records))
            return false;
    }
    return records == table->alive && pages == table->page_count;
}
