/* SPDX-License-Identifier: MIT */
/* The list of what a thread holds; see held.h. Called by that thread only. */
#include "analysis/held.h"

#include <string.h>

void held_init(struct held_list *held)
{
    held->locks = held->small;
    held->count = held->known = 0;
    held->capacity = HELD_INLINE;
}

void held_clear(struct held_list *held, struct arena *arena)
{
    if (held->locks != held->small)
        arena_free(arena, held->locks, held->capacity * sizeof(*held->locks));
    held_init(held);
}

bool held_grow(struct held_list *held, struct arena *arena)
{
    if (held->count < held->capacity)
        return true;
    uint32_t capacity = held->capacity * 2;
    struct held_lock *locks = arena_alloc(arena, capacity * sizeof(*locks));
    if (!locks)
        return false;
    memcpy(locks, held->locks, held->count * sizeof(*locks));
    struct held_lock *old = held->locks;
    store_release(&held->locks, locks);
    if (old != held->small)
        arena_free(arena, old, held->capacity * sizeof(*old));
    held->capacity = capacity;
    return true;
}

void held_remove_below_top(struct held_list *held, uint32_t index)
{
    uint32_t above = held->count - index - 1;
    memmove(&held->locks[index], &held->locks[index + 1], above * sizeof(held->locks[0]));
    held->version++;
    store_release(&held->count, held->count - 1);
    if (held->known > index)
        held->known = index;
}

bool held_is_valid(const struct held_list *held)
{
    if (held->count > held->capacity || held->known > held->count)
        return false;
    for (uint32_t i = 0; i < held->count; i++)
        if (!held->locks[i].object || held->locks[i].depth == 0)
            return false;
    return true;
}
