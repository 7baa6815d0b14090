/* SPDX-License-Identifier: MIT */
/* Tags of slots whose epochs have run out go from shadow memory, so that the slots can be used again; see race_state.h. Called by
 * race_report.c, in ordinary code, while other threads access memory: no tag of such a slot is new. */
#include "analysis/race_state.h"

struct sweep {
    struct detector *det;
    struct thread *thread;
    uint64_t slots[HB_SLOT_WORDS];
};

static bool is_in_words(const struct sweep *sweep, uint64_t tags)
{
    return hb_has_slot(sweep->slots, word_at(tags, LOW) & RACE_TAG_MASK) ||
           hb_has_slot(sweep->slots, word_at(tags, HIGH) & RACE_TAG_MASK);
}

static bool is_in_cells(const struct sweep *sweep, uint32_t head)
{
    FOR_EACH_CELL(sweep->det->races, head, cell)
        if (*cell_mask(cell) && cell_kind(cell) != CELL_SYNC && hb_has_slot(sweep->slots, cell->tag))
            return true;
    return false;
}

static void sweep_granule(const struct sweep *sweep, uintptr_t at)
{
    struct granule granule;
    struct races *races = sweep->det->races;
    if (!shadow_find(&races->shadow, at, false, &granule) || !(load_relaxed(granule.tags) | load_relaxed(granule.sites)))
        return;
    uint64_t tags = shadow_lock(&races->shadow, &granule, load_relaxed(granule.tags));
    if (is_in_words(sweep, tags) || is_in_cells(sweep, words_head(*granule.sites)))
        tags = race_cells_forget(sweep->det, sweep->thread, &granule, tags, sweep->slots);
    shadow_unlock(&granule, tags);
}

static void sweep_words(void *ctx, uintptr_t start, uintptr_t end)
{
    for (uintptr_t at = start; at < end; at += GRANULE)
        sweep_granule(ctx, at);
}

static void sweep_mapping(void *ctx, uintptr_t start, uintptr_t end)
{
    struct sweep *sweep = ctx;
    const struct race_shadow *layout = &sweep->det->races->shadow.layout;
    for (uint32_t i = 0; i < layout->range_count; i++) {
        const struct race_range *range = &layout->ranges[i];
        uintptr_t low = start > range->start ? start : range->start, high = end < range->end ? end : range->end;
        if (low < high && layout->resident)
            shadow_each_resident(&sweep->det->races->shadow, range, low, high, sweep_words, sweep);
        else if (low < high)
            sweep_words(sweep, low, high);
    }
}

static uint32_t sweep_worn(struct sweep *sweep, bool known)
{
    struct detector *det = sweep->det;
    const struct race_shadow *layout = &det->races->shadow.layout;
    uint32_t count = hb_worn(det, known, sweep->slots);
    if (count == 0)
        return 0;
    if (layout->each_mapping)
        layout->each_mapping(sweep_mapping, sweep);
    shadow_each_chunk(&det->races->shadow, sweep_words, sweep);
    hb_renew(det, sweep->slots);
    return count;
}

void race_sweep(struct detector *det, struct thread *thread)
{
    struct sweep sweep = {.det = det, .thread = thread};
    if (hb_needs_sweep(det))
        (void)sweep_worn(&sweep, true);
    if (hb_needs_sweep(det))
        det->races->sweeps_blind += sweep_worn(&sweep, false) > 0;
}
