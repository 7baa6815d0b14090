/* SPDX-License-Identifier: MIT */
/* See race_batch.h. */
#include "analysis/race_batch.h"

#include "analysis/race_quick.h"

#define MOST_GRANULES 64u

struct run {
    struct detector *det;
    struct thread *thread;
    const struct race_batch *batch;
    uint64_t site;
    uint32_t tag;
    bool writes;
};

/* Bytes of a granule whose words are neither of the whole nor locked. */
static NOINLINE bool enter_any(const struct run *run, uintptr_t at, uint8_t mask)
{
    const struct race_near *near = &run->thread->race.near;
    struct granule granule = {(uint64_t *)(at + (uintptr_t)near->tags), (uint64_t *)(at + (uintptr_t)near->sites)};
    struct race_access access = {.det = run->det, .races = run->det->races, .thread = run->thread, .tag = run->tag,
                                 .mask = mask, .flags = run->batch->flags, .site = (race_site)run->site};
    uint64_t tags = load_acquire(granule.tags), sites = load_acquire(granule.sites); /* pairs with shadow_unlock() */
    if (shadow_is_busy(tags) || sites & SITES_IN_CELLS)
        return false;
    if (race_is_covered(&access, &granule, tags, sites, run->writes))
        return true;
    tags = shadow_lock(&run->det->races->shadow, &granule, tags);
    bool done = !(*granule.sites & SITES_IN_CELLS) && race_enter(&access, &granule, &tags, run->writes, false);
    shadow_unlock(&granule, tags);
    return done;
}

static ALWAYS_INLINE bool is_own(const struct run *run, uintptr_t at)
{
    const uint64_t *tags = (const uint64_t *)(at + (uintptr_t)run->thread->race.near.tags);
    return word_at(load_relaxed(tags), LOW) == run->tag;
}

static ALWAYS_INLINE bool enter_whole(const struct run *run, uintptr_t at)
{
    if (is_own(run, at))
        return true;
    enum race_quick done = race_quick_whole(run->det, run->thread, at, run->tag, run->writes, run->site);
    return LIKELY(done == RACE_QUICK_DONE) || (done == RACE_QUICK_ANY && enter_any(run, at, 0xff));
}

/* Their words are on the way while the first ones are entered. */
static ALWAYS_INLINE void prefetch(const struct run *run, uintptr_t from, uintptr_t to)
{
    const struct race_near *near = &run->thread->race.near;
    for (uintptr_t at = from; at < to; at += CACHE_LINE) {
        __builtin_prefetch((const void *)(at + (uintptr_t)near->tags), 1);
        __builtin_prefetch((const void *)(at + (uintptr_t)near->sites), 1);
    }
}

/* Bytes without gaps: the whole granules among them, those first that come first. */
static void enter_bytes(const struct run *run, uintptr_t low, uintptr_t high, bool upwards)
{
    uintptr_t from = (low + GRANULE - 1) & -(uintptr_t)GRANULE, to = high & -(uintptr_t)GRANULE;
    if (from >= to)
        return;
    if (to - from > MOST_GRANULES * GRANULE && upwards)
        to = from + MOST_GRANULES * GRANULE;
    else if (to - from > MOST_GRANULES * GRANULE)
        from = to - MOST_GRANULES * GRANULE;
    prefetch(run, from, to);
    for (uintptr_t done = 0; done < to - from; done += GRANULE)
        if (!enter_whole(run, upwards ? from + done : to - GRANULE - done))
            return;
}

static ALWAYS_INLINE bool enter_one(const struct run *run, uintptr_t at)
{
    uintptr_t offset = at % GRANULE;
    uint32_t size = run->batch->size;
    if (offset + size <= GRANULE && size < GRANULE)
        return enter_any(run, at - offset, race_mask(offset, size));
    for (uint32_t i = 0; i < size; i += GRANULE)
        if (!enter_whole(run, at + i))
            return false;
    return true;
}

/* Each is of whole granules, or of a part of one. */
static bool is_aligned(const struct race_batch *batch)
{
    uintptr_t unit = batch->size < GRANULE ? batch->size : GRANULE;
    return (batch->address | batch->size | (uintptr_t)batch->stride) % unit == 0 && !(unit & (unit - 1));
}

static void enter_each(const struct run *run, uint64_t count)
{
    const struct race_batch *batch = run->batch;
    uint32_t granules = (batch->size + GRANULE - 1) / GRANULE;
    if (!is_aligned(batch))
        return;
    if (count > MOST_GRANULES / granules)
        count = MOST_GRANULES / granules;
    for (uint64_t i = 0; i < count; i++)
        if (!enter_one(run, batch->address + i * (uintptr_t)batch->stride))
            return;
}

static bool is_near(const struct thread *thread, uintptr_t address)
{
    return address - thread->race.near.start < thread->race.near.size;
}

void race_batch(struct detector *det, struct thread *thread, const struct race_batch *batch)
{
    struct run run = {det, thread, batch, 0, hb_tag(det, thread), batch->flags & RACE_WRITE};
    uintptr_t distance = batch->stride < 0 ? -(uintptr_t)batch->stride : (uintptr_t)batch->stride;
    uint64_t most = MOST_GRANULES * GRANULE / (distance < GRANULE ? distance : GRANULE) + 2;
    uint64_t count = batch->count < most ? batch->count : most;
    uintptr_t last = batch->address + (count - 1) * (uintptr_t)batch->stride;
    if (!run.tag || !is_near(thread, batch->address) || !is_near(thread, last) || distance > INT32_MAX ||
        thread->race.locks_version != thread->held.version)
        return;
    run.site = race_quick_memo(thread, batch->size, batch->flags, batch->call, batch->pc, batch->memo);
    if (!run.site)
        return;
    hb_used(thread);
    bool upwards = batch->stride > 0;
    if (distance <= batch->size)
        enter_bytes(&run, upwards ? batch->address : last, (upwards ? last : batch->address) + batch->size, upwards);
    else
        enter_each(&run, count);
}
