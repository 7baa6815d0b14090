/* SPDX-License-Identifier: MIT */
/* Race detection begins, threads come and go; see race.h. Called by the runtime, in ordinary code. */
#include "analysis/race.h"
#include "analysis/race_state.h"

static bool init(struct detector *det, struct races *races, const struct race_shadow *shadow)
{
    races->arena = det->arena;
    races->shadow.layout = *shadow;
    races->shadow.arena = det->arena;
    for (unsigned i = 0; i < RACE_LOCKS; i++)
        spin_init(&races->locks[i], RANK_RACE);
    return calltree_init(&races->calls, det->arena) && site_table_init(&races->sites, det->arena) &&
           pool_init(&races->cells, det->arena, &races->locks[RACE_LOCK_CELLS], sizeof(struct race_cells)) &&
           pool_init(&races->syncs, det->arena, &races->locks[RACE_LOCK_SYNCS], sizeof(struct race_sync));
}

bool races_watch(struct detector *det, const struct race_shadow *shadow, uint32_t slots, unsigned epoch_bits)
{
    struct races *races = arena_alloc(det->arena, sizeof(*races));
    if (!races || !init(det, races, shadow) || !hb_watch(det, slots, epoch_bits))
        return false;
    det->races = races;
    return true;
}

bool detector_watch_races(struct detector *det, const struct race_shadow *shadow)
{
    return races_watch(det, shadow, RACE_SLOTS, RACE_EPOCH_BITS);
}

bool race_add_range(struct detector *det, const struct race_range *range)
{
    return shadow_add_range(&det->races->shadow, range);
}

void race_thread_start(struct detector *det, struct thread *thread, uint32_t *tag_words)
{
    thread->race.stack_watch = UINTPTR_MAX;
    thread->race.locks_version = thread->held.version - 1;
    thread->race.local = arena_alloc(det->arena, sizeof(*thread->race.local));
    if (!thread->race.local) {
        (void)fetch_add_relaxed(&det->losses.out_of_memory, 1);
        return;
    }
    thread->tag_words = tag_words;
    hb_tell_tag(det, thread);
}

void race_thread_end(struct detector *det, struct thread *thread)
{
    if (!det->races)
        return;
    pool_drain(&det->races->cells, &thread->race.cells);
    arena_free(det->arena, thread->race.local, sizeof(*thread->race.local));
    thread->race.local = NULL;
}

void race_benign(struct detector *det, uintptr_t address, size_t size)
{
    struct races *races = det->races;
    struct race_benign *range = races ? arena_alloc(det->arena, sizeof(*range)) : NULL;
    if (!range)
        return;
    spin_lock(&races->locks[RACE_LOCK_BENIGN]);
    *range = (struct race_benign){races->benign, address, address + size};
    store_release(&races->benign, range); /* pairs with is_benign() */
    spin_unlock(&races->locks[RACE_LOCK_BENIGN]);
}

void race_doubt(struct detector *det)
{
    if (det->races)
        store_relaxed(&det->races->doubt, 1);
}

uint32_t race_call_frames(struct detector *det, race_site call, uintptr_t *frames, uint32_t most)
{
    return det->races ? calltree_frames(&det->races->calls, call, frames, most) : 0;
}

void races_count_losses(const struct races *races, struct detector_losses *losses)
{
    losses->histories_lost = races->granules_lost + races->shadow.lost + races->calls.lost + races->sites.sites.lost +
                             races->sites.locks.lost;
    losses->races_lost = races->findings_lost;
    losses->sweeps_blind = races->sweeps_blind;
}

/* --- forks -------------------------------------------------------------------------------------------------------------- */

void races_freeze(struct detector *det) { spin_lock_all(det->races->locks, RACE_LOCKS, sizeof(struct spin)); }
void races_thaw(struct detector *det) { spin_unlock_all(det->races->locks, RACE_LOCKS, sizeof(struct spin)); }

void races_forked(struct detector *det)
{
    struct races *races = det->races;
    for (unsigned i = 0; i < RACE_LOCKS; i++)
        spin_reset(&races->locks[i]);
    races->shadow.generation++;
    races->granules_lost = races->findings_lost = 0;
    race_forget_told(det);
}
