/* SPDX-License-Identifier: MIT */
/* The number of the set of locks that a thread holds (site.h), kept up to date while it takes and drops locks it has held before
 * in the same order, so that its first access afterwards finds it. Called by detector.c's fast path in mode full; race.c fills
 * the cache. Hard rule: where the number is not certain it is left behind (race_thread.locks_version), and race.c asks for it. */
#ifndef DETECT_ANALYSIS_RACE_LOCKS_H
#define DETECT_ANALYSIS_RACE_LOCKS_H

#include "analysis/race_enter.h"

static ALWAYS_INLINE struct locks_cache_entry race_locks_key(const struct held_lock *lock, uint32_t outer)
{
    return (struct locks_cache_entry){.addr = lock->object->addr, .outer = outer, .stack = lock->stack,
                                      .kind_mode = (uint32_t)lock->object->kind << 8 | lock->mode};
}

static ALWAYS_INLINE struct locks_cache_entry *race_locks_entry(struct race_local *local, const struct locks_cache_entry *key)
{
    uint64_t hash = (key->addr ^ (uint64_t)key->outer << 40 ^ (uint64_t)key->stack << 20) * 0x9e3779b97f4a7c15u;
    return &local->locks[hash >> (64 - RACE_LOCKS_CACHE_BITS)];
}

/* The last lock of the thread's list is the one that it has just taken; `version` was the list's before. */
static inline void race_lock_taken(struct thread *thread, uint32_t version)
{
    if (!thread->race.local || thread->race.locks_version != version || thread->held.version == version)
        return;
    struct locks_cache_entry key = race_locks_key(&thread->held.locks[thread->held.count - 1], thread->race.locks);
    const struct locks_cache_entry *entry = race_locks_entry(thread->race.local, &key);
    if (entry->addr == key.addr && entry->outer == key.outer && entry->stack == key.stack && entry->kind_mode == key.kind_mode)
        race_know_locks(thread, entry->number);
}

/* The lock at `addr` was dropped; `version` was the list's before. */
static inline void race_lock_dropped(struct detector *det, struct thread *thread, uintptr_t addr, bool was_last, uint32_t version)
{
    if (!thread->race.local || thread->held.version == version)
        return;
    if (thread->held.count == 0) {
        race_know_locks(thread, 0);
        return;
    }
    if (!was_last || thread->race.locks_version != version || thread->race.locks == 0)
        return;
    struct site_lock last = site_lock_get(&det->races->sites, thread->race.locks);
    if (last.addr == addr)
        race_know_locks(thread, last.next);
}

/* What is held now has this number. */
static inline void race_locks_remember(struct races *races, struct thread *thread, uint32_t number)
{
    if (thread->held.count == 0 || !number)
        return;
    const struct held_lock *lock = &thread->held.locks[thread->held.count - 1];
    struct site_lock last = site_lock_get(&races->sites, number);
    if (last.addr != lock->object->addr || last.acquired_at != lock->stack)
        return; /* the table is full: the number is that of another set */
    struct locks_cache_entry key = race_locks_key(lock, last.next);
    key.number = number;
    *race_locks_entry(thread->race.local, &key) = key;
}

#endif
