/* SPDX-License-Identifier: MIT */
/* What a thread holds, in the order of acquisition.
 *
 * Only its thread changes it, without a lock. Others read it while they hold the analysis lock and the thread
 * waits (its wait was registered under that lock, so its list is seen whole and stands still). */
#ifndef DETECT_ANALYSIS_HELD_H
#define DETECT_ANALYSIS_HELD_H

#include "analysis/objects.h"

enum held_flag {
    HELD_INHERITED = 1 << 0, /* since before the fork that made this process */
};

struct held_lock {
    struct object *object;
    lock_uid uid; /* the identity that was taken: stale when the object's is another one by now */
    lg_node node; /* of the path up to and with this one; meaningful below held_list.known */
    uint32_t depth; /* recursive acquisitions; recursive read locks */
    stack_id stack;
    uint8_t mode;  /* enum lock_mode */
    uint8_t flags; /* enum held_flag */
};

#define HELD_INLINE 6u

struct held_list {
    struct held_lock *locks; /* `small`, or a block of the arena */
    uint32_t count, capacity;
    uint32_t known; /* so many entries know their node */
    uint32_t version; /* changes with each entry that comes or goes */
    struct held_lock small[HELD_INLINE];
};

void held_init(struct held_list *held);
void held_clear(struct held_list *held, struct arena *arena);
/* Room for one more; false when out of memory. */
bool held_grow(struct held_list *held, struct arena *arena);
void held_remove_below_top(struct held_list *held, uint32_t index);

/* Takes out the entry at `index`; the nodes above it are unknown from then on. */
static inline void held_remove_at(struct held_list *held, uint32_t index)
{
    if (UNLIKELY(index + 1 != held->count)) {
        held_remove_below_top(held, index);
        return;
    }
    held->version++;
    store_release(&held->count, index);
    if (held->known > index)
        held->known = index;
}

/* The entry of the object's present identity, newest first; NULL if it is not held. */
static inline struct held_lock *held_find(const struct held_list *held, const struct object *object)
{
    for (uint32_t i = held->count; i-- > 0;)
        if (held->locks[i].object == object && held->locks[i].uid == object->uid)
            return &held->locks[i];
    return NULL;
}

/* Appends; there must be room. */
static inline struct held_lock *held_push(struct held_list *held, struct object *object,
                                          enum lock_mode mode, stack_id stack)
{
    struct held_lock *lock = &held->locks[held->count];
    *lock = (struct held_lock){.object = object, .uid = object->uid, .node = LG_UNKNOWN,
                               .depth = 1, .stack = stack, .mode = (uint8_t)mode};
    held->version++;
    /* An observer (under the analysis lock) sees the entry whole or not at all. */
    store_release(&held->count, held->count + 1);
    return lock;
}

/* Whether the thread really has it still: another thread may have unlocked it in the meantime, or it
 * was destroyed, initialised again or freed. */
static inline bool held_is_current(const struct held_lock *lock, const struct thread *holder)
{
    const struct object *object = lock->object;
    return object->state == STATE_LIVE && object->uid == lock->uid &&
           (lock->mode == MODE_SHARED ? load_relaxed(&object_rest(object)->readers) > 0
                                      : load_relaxed(&object->owner) == holder);
}

bool held_is_valid(const struct held_list *held);

#endif
