/* SPDX-License-Identifier: MIT */
/* What everybody knows: accesses that all running threads come after can race with nothing any more, whatever happens, and
 * need not be remembered. Called by race checks where a granule's history does not fit into its words. Hard rules: as in
 * hb.c; shadow memory may be locked.
 *
 * A thread that begins knows what its creator knew, or what it has gathered; until it has a slot nothing is found out. */
#include "analysis/hb.h"

void hb_unsettle(struct detector *det)
{
    (void)fetch_add_acq_rel(&det->hb_common->unsettled, 1);
    (void)fetch_add_acq_rel(&det->hb_common->changes, 1);
}

void hb_settle(struct detector *det) { (void)fetch_sub_acq_rel(&det->hb_common->unsettled, 1); }

/* Its own epochs it knows all, and who is created by it those that are over. */
static void meet(struct hb_common *common, const struct vc_clock *clock, uint32_t count)
{
    const struct vc_snapshot *others = clock->others;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t known = i == clock->slot                ? load_relaxed(&clock->epoch)
                         : others && i < others->count ? others->epochs[i] + 1
                                                         : 0;
        if (known < common->epochs[i])
            common->epochs[i] = known;
    }
}

/* Returns how many threads there are. */
static uint32_t gather(struct detector *det, struct hb_common *common, uint32_t count)
{
    uint32_t owners = 0;
    for (uint32_t i = 0; i < count; i++)
        common->epochs[i] = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        struct hb_slot *slot = &det->hb_slots[i];
        spin_lock(&slot->lock);
        if (slot->clock) {
            meet(common, slot->clock, count);
            owners++;
        }
        spin_unlock(&slot->lock);
    }
    return owners;
}

static void find(struct detector *det, struct hb_common *common)
{
    uint32_t changes = load_acquire(&common->changes), count = load_acquire(&det->hb.slot_count);
    if (load_acquire(&common->unsettled) || det->hb.stuck || det->hb.lost)
        return;
    common->wait = gather(det, common, count);
    if (common->wait == 0 || load_acquire(&common->changes) != changes)
        return;
    for (uint32_t i = 0; i < count; i++)
        store_relaxed(&det->hb_slots[i].common, common->epochs[i]);
}

void hb_find_common(struct detector *det)
{
    struct hb_common *common = det->hb_common;
    uint32_t learnt = load_relaxed(&common->learnt), free = 0;
    if (learnt - common->found_at < common->wait || !compare_exchange_acq_rel(&common->busy, &free, 1))
        return;
    common->found_at = learnt;
    find(det, common);
    store_release(&common->busy, 0);
}
