/* SPDX-License-Identifier: MIT */
/* A memory of recent pthread_t; see handles.h. */
#include "intercept/handles.h"

#include "base/atomic.h"
#include "base/hash.h"

#define HANDLES 4096

/*    63            35 34      3 2     0
 *   +----------------+---------+-------+
 *   | 0              | id      | state |      word
 *   +----------------+---------+-------+ */
struct handle {
    uintptr_t handle;
    uint64_t word;
};

static struct handle handles[HANDLES];

static struct handle *entry_of(uintptr_t handle)
{
    return &handles[hash_mix(handle, 0) & (HANDLES - 1)];
}

static uint64_t word_of(thread_id id, enum handle_state state) { return (uint64_t)id << 3 | state; }

void handles_add(uintptr_t handle, thread_id id, enum handle_state state)
{
    struct handle *entry = entry_of(handle);
    store_release(&entry->handle, 0); /* nobody takes the new word for the old handle's */
    store_release(&entry->word, word_of(id, state));
    store_release(&entry->handle, handle); /* pairs with handles_look() */
}

enum handle_state handles_look(uintptr_t handle, thread_id *id)
{
    struct handle *entry = entry_of(handle);
    if (load_acquire(&entry->handle) != handle)
        return HANDLE_UNKNOWN;
    uint64_t word = load_acquire(&entry->word);
    if (load_acquire(&entry->handle) != handle)
        return HANDLE_UNKNOWN;
    *id = (thread_id)(word >> 3);
    return (enum handle_state)(word & 7);
}

bool handles_change(uintptr_t handle, thread_id id, enum handle_state from, enum handle_state to)
{
    uint64_t expected = word_of(id, from);
    return compare_exchange_acq_rel(&entry_of(handle)->word, &expected, word_of(id, to));
}

void handles_keep_only(uintptr_t handle)
{
    for (size_t i = 0; i < HANDLES; i++)
        if (handles[i].handle != handle)
            handles[i].handle = 0;
}
