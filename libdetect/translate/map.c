/* SPDX-License-Identifier: MIT */
/* From program addresses to the cache: an open-addressed table whose keys are written once and whose values are single
 * words, so that readers need no lock: a value is the translation of its key, or 0, at any time.
 *
 * Growing makes a new table; a reader that still looks into the old one finds a translation that was valid, at worst
 * evicted by now (it faults and is sent on), or none, and then asks with the lock held. Outgrown tables stay: together
 * they are smaller than the current one. A table that is full of keys without values is exchanged with one of the same
 * size, and these two take turns: a reader looks at the key again after the value, lest the slot became another's. */
#include <string.h>

#include "base/sys.h"
#include "translate/translator.h"

struct slot {
    uintptr_t pc, code;
};

struct map {
    size_t mask, used; /* used: keys, those without a value included */
    struct slot slots[];
};

static struct map *map, *spare; /* spare: of the same size as map, or NULL */
static uint64_t bytes_of_maps;

#define FIRST_SLOTS 4096u

/* A bit per address, by its low bits: the builder asks at each instruction, and nearly always there is nothing. Bits are
 * never cleared. */
#define FILTER_BITS (1u << 20)
static uint64_t filter[FILTER_BITS / 64];

static size_t hash(uintptr_t pc) { return (size_t)((pc * 0x9e3779b97f4a7c15u) >> 24); }

static size_t map_size(size_t slots) { return sizeof(struct map) + slots * sizeof(struct slot); }

uintptr_t map_find(uintptr_t pc)
{
    const struct map *m = load_acquire(&map); /* pairs with grow's store_release */
    if (UNLIKELY(!m))
        return 0;
    for (size_t i = hash(pc);; i++) {
        const struct slot *slot = &m->slots[i & m->mask];
        uintptr_t key = load_acquire(&slot->pc); /* pairs with map_set's: the value is there before the key */
        if (key == pc) {
            uintptr_t code = load_acquire(&slot->code); /* pairs with map_set's: the code is complete */
            return load_relaxed(&slot->pc) == pc ? code : 0;
        }
        if (key == 0)
            return 0;
    }
}

bool map_may_find(uintptr_t pc) { return filter[pc % FILTER_BITS / 64] >> pc % 64 & 1; }

static struct slot *slot_of(struct map *m, uintptr_t pc)
{
    for (size_t i = hash(pc);; i++) {
        struct slot *slot = &m->slots[i & m->mask];
        if (slot->pc == pc || slot->pc == 0)
            return slot;
    }
}

static size_t count_live(const struct map *m)
{
    size_t live = 0;
    for (size_t i = 0; m && i <= m->mask; i++)
        live += m->slots[i].code != 0;
    return live;
}

static void clear(struct map *m)
{
    for (size_t i = 0; i <= m->mask; i++) {
        store_release(&m->slots[i].pc, 0);
        store_release(&m->slots[i].code, 0);
    }
    m->used = 0;
}

static struct map *empty_map(size_t slots)
{
    if (spare && spare->mask + 1 == slots) {
        clear(spare);
        return spare;
    }
    struct map *made = sys_map(map_size(slots));
    if (made) {
        made->mask = slots - 1;
        bytes_of_maps += map_size(slots);
    }
    return made;
}

/* Keys without a value are left behind; so the table may stay as large as it is. */
static bool grow(void)
{
    size_t slots = map ? map->mask + 1 : FIRST_SLOTS;
    while (slots < 2 * count_live(map))
        slots *= 2;
    struct map *fresh = empty_map(slots);
    if (!fresh)
        return false;
    for (size_t i = 0; map && i <= map->mask; i++) {
        if (!map->slots[i].code)
            continue;
        *slot_of(fresh, map->slots[i].pc) = map->slots[i];
        fresh->used++;
    }
    spare = map && map->mask == fresh->mask ? map : NULL;
    store_release(&map, fresh);
    return true;
}

bool map_set(uintptr_t pc, uintptr_t code)
{
    struct slot *slot = map ? slot_of(map, pc) : NULL;
    if (slot && slot->pc == pc) {
        store_release(&slot->code, code);
        return true;
    }
    if (!code)
        return true;
    filter[pc % FILTER_BITS / 64] |= 1ull << pc % 64;
    if (!map || map->used >= map->mask / 4 * 3) {
        if (!grow())
            return false;
        slot = slot_of(map, pc);
    }
    map->used++;
    store_release(&slot->code, code);
    store_release(&slot->pc, pc);
    return true;
}

uint64_t map_bytes(void) { return bytes_of_maps; }
