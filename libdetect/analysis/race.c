/* SPDX-License-Identifier: MIT */
/* Accesses to memory: the check and the shadow words of the common cases (race.h says what they hold). Called by
 * call-outs of translated code and by interceptors of libc. Hard rules: general registers only, nothing of libc, no deep
 * frames; a granule is locked for a bounded time. */
#include "analysis/race.h"

#include "analysis/evidence.h"
#include "analysis/race_locks.h"

/* --- sites ----------------------------------------------------------------------------------------------------------- */

static void know_locks(struct race_access *access)
{
    struct thread *thread = access->thread;
    if (thread->race.locks_version == thread->held.version)
        return;
    uint32_t number = site_locks(&access->races->sites, &thread->held);
    race_know_locks(thread, number);
    race_locks_remember(access->races, thread, number);
}

race_site race_site_find(struct race_access *access)
{
    struct site_cache_entry key, *entry;
    know_locks(access);
    bool kept = race_site_key(access, &key);
    entry = race_site_entry(access->thread->race.local, &key);
    if (LIKELY(kept && race_site_is(entry, &key)))
        return entry->number;
    struct site site = {.pc = access->pc, .call = access->call, .locks = access->thread->race.locks, .flags = access->flags,
                        .size = access->size < UINT32_MAX ? (uint32_t)access->size : UINT32_MAX};
    key.number = site_number(&access->races->sites, &site);
    if (kept)
        *entry = key;
    return key.number;
}

/* --- one granule -------------------------------------------------------------------------------------------------------- */

/* The whole granule is written, and its words are whole. */
static inline uint64_t write_whole(struct race_access *access, uintptr_t at, struct granule *granule, uint64_t tags)
{
    uint32_t written = word_at(tags, LOW), read = word_at(tags, HIGH);
    if (UNLIKELY(written && !hb_knows(access->det, access->thread, written)))
        race_conflict(access, at, 0xff, written, CELL_WRITE, word_site(*granule->sites, LOW));
    if (UNLIKELY(read && !hb_knows(access->det, access->thread, read)))
        race_conflict(access, at, 0xff, read, CELL_READ, word_site(*granule->sites, HIGH));
    *granule->sites = word_sites(race_access_site(access), 0xff, 0, 0);
    return word_tags(access->tag, 0);
}

/* The whole granule is read; its words are whole, and stay so. */
static inline uint64_t read_whole(struct race_access *access, uintptr_t at, struct granule *granule, uint64_t tags)
{
    uint32_t written = word_at(tags, LOW);
    uint64_t sites = *granule->sites;
    if (UNLIKELY(written && !hb_knows(access->det, access->thread, written))) {
        race_conflict(access, at, 0xff, written, CELL_WRITE, word_site(sites, LOW));
        race_sync_follow(access, written, word_site(sites, LOW));
    }
    *granule->sites = word_sites(word_site(sites, LOW), word_bytes(sites, LOW), race_access_site(access), 0xff);
    return word_tags(written, access->tag);
}

/* The thread has no slot: what it does cannot be recorded, but what it orders counts. */
static COLD void step_untagged(struct race_access *access, uintptr_t at, struct granule *granule, uint8_t mask)
{
    uint64_t tags = shadow_lock(&access->races->shadow, granule, load_relaxed(granule->tags));
    access->mask = mask;
    if (access->flags & RACE_ATOMIC || *granule->sites & SITES_IN_CELLS)
        tags = race_cells_access(access, at, granule, tags);
    shadow_unlock(granule, tags);
}

void race_step(struct race_access *access, uintptr_t at, uint8_t mask)
{
    struct granule granule;
    if (UNLIKELY(!shadow_find(&access->races->shadow, at, true, &granule)))
        return;
    if (UNLIKELY(!access->tag)) {
        step_untagged(access, at, &granule, mask);
        return;
    }
    uint64_t tags = load_acquire(granule.tags); /* pairs with shadow_unlock() */
    access->mask = mask;
    if (!(access->flags & (RACE_ENDS | RACE_ATOMIC)) &&
        race_is_covered(access, &granule, tags, load_acquire(granule.sites), access->kind == CELL_WRITE))
        return;
    (void)race_access_site(access);
    tags = shadow_lock(&access->races->shadow, &granule, tags);
    bool whole = mask == 0xff && words_are_whole(tags, *granule.sites);
    if (whole && access->kind == CELL_WRITE)
        tags = write_whole(access, at, &granule, tags);
    else if (whole && access->kind == CELL_READ && (!word_at(tags, HIGH) || hb_knows(access->det, access->thread, word_at(tags, HIGH))))
        tags = read_whole(access, at, &granule, tags);
    else if (*granule.sites & SITES_IN_CELLS || access->kind & CELL_ATOMIC ||
             !race_enter(access, &granule, &tags, access->kind == CELL_WRITE, true))
        tags = race_cells_access(access, at, &granule, tags);
    shadow_unlock(&granule, tags);
    if (evidence_waits(access->flags) && !access->thread->race.pending)
        race_sync_note(access, at, mask);
}

/* --- accesses ------------------------------------------------------------------------------------------------------------ */

static ALWAYS_INLINE bool begin(struct race_access *access, struct detector *det, struct thread *thread, uint32_t flags)
{
    if (UNLIKELY(!thread->race.local))
        return false;
    if (UNLIKELY(thread->race.pending))
        race_complete(det, thread);
    access->det = det;
    access->races = det->races;
    access->thread = thread;
    access->flags = flags;
    access->tag = hb_tag(det, thread);
    access->kind = (uint8_t)((flags & RACE_WRITE ? CELL_WRITE : CELL_READ) | (flags & RACE_ATOMIC ? CELL_ATOMIC : 0));
    access->site = 0;
    hb_used(thread);
    return true;
}

bool race_begin(struct race_access *access, struct detector *det, struct thread *thread, uint32_t flags)
{
    *access = (struct race_access){0};
    return begin(access, det, thread, flags);
}

void race_access(struct detector *det, struct thread *thread, uintptr_t address, size_t size, uint32_t flags,
                 race_site call, uintptr_t pc)
{
    struct race_access access;
    if (UNLIKELY(!begin(&access, det, thread, flags) || size == 0))
        return;
    access.call = call;
    access.pc = pc;
    access.size = size;
    uintptr_t offset = address % GRANULE, at = address - offset;
    if (LIKELY(offset + size <= GRANULE)) {
        race_step(&access, at, race_mask(offset, size));
        if (UNLIKELY((flags & (RACE_RUNTIME | RACE_WRITE)) == (RACE_RUNTIME | RACE_WRITE)))
            hb_close(det, thread); /* who follows the move comes after it, not after what is done next */
        return;
    }
    uintptr_t end = address + size < address ? UINTPTR_MAX : address + size;
    race_step(&access, at, race_mask(offset, GRANULE - offset));
    for (at += GRANULE; at + GRANULE <= end; at += GRANULE)
        race_step(&access, at, 0xff);
    if (at < end)
        race_step(&access, at, race_mask(0, end - at));
}

race_site race_call(struct detector *det, struct thread *thread, race_site parent, uintptr_t return_pc)
{
    race_site node = calltree_child(&det->races->calls, parent, return_pc);
    if (LIKELY(thread->race.local != NULL))
        *race_call_entry(thread->race.local, parent, return_pc) = (struct call_cache_entry){return_pc, parent, node};
    return node;
}
