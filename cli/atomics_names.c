/* SPDX-License-Identifier: MIT */
/* See atomics_names.h. */
#include "atomics_names.h"

#include <string.h>

#define FIRST_CAPACITY 1024
#define MOST_VARIANTS 32 /* of one name: beyond, it says nothing more */

void names_init(struct names *names, struct pool *pool)
{
    *names = (struct names){.pool = pool, .capacity = FIRST_CAPACITY};
    names->slots = pool_alloc(pool, FIRST_CAPACITY * sizeof(*names->slots));
}

/* FNV-1a. */
static uint64_t hash(const char *text, size_t length)
{
    uint64_t value = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++)
        value = (value ^ (unsigned char)text[i]) * 0x100000001b3u;
    return value;
}

static struct name **slot_of(const struct names *names, const char *text, size_t length)
{
    for (size_t at = hash(text, length);; at++) {
        struct name **slot = &names->slots[at & (names->capacity - 1)];
        if (!*slot || ((*slot)->length == length && memcmp((*slot)->text, text, length) == 0))
            return slot;
    }
}

struct name *names_find(const struct names *names, const char *text, size_t length)
{
    return *slot_of(names, text, length);
}

static void grow(struct names *names)
{
    struct names larger = *names;
    larger.capacity *= 2;
    larger.slots = pool_alloc(names->pool, larger.capacity * sizeof(*larger.slots));
    for (size_t i = 0; i < names->capacity; i++)
        if (names->slots[i])
            *slot_of(&larger, names->slots[i]->text, names->slots[i]->length) = names->slots[i];
    *names = larger;
}

struct name *names_get(struct names *names, const char *text, size_t length)
{
    struct name **slot = slot_of(names, text, length);
    if (*slot)
        return *slot;
    if (names->count * 2 >= names->capacity) {
        grow(names);
        slot = slot_of(names, text, length);
    }
    names->count++;
    *slot = pool_alloc(names->pool, sizeof(**slot));
    **slot = (struct name){.text = pool_text(names->pool, text, length), .length = length};
    return *slot;
}

static bool is_same(const struct name_variant *a, const struct name_variant *b)
{
    return a->size == b->size && a->pointee == b->pointee && a->offset == b->offset && a->address == b->address && a->kind == b->kind &&
           a->pointee_kind == b->pointee_kind && a->local == b->local;
}

void names_add(struct names *names, struct name *name, const struct name_variant *variant)
{
    size_t count = 0;
    for (const struct name_variant *known = name->variants; known; known = known->next, count++)
        if (is_same(known, variant))
            return;
    name->kinds |= variant->kind | variant->pointee_kind;
    if (count >= MOST_VARIANTS)
        return;
    struct name_variant *copy = pool_alloc(names->pool, sizeof(*copy));
    *copy = *variant;
    copy->next = name->variants;
    name->variants = copy;
}
