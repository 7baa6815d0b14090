/* SPDX-License-Identifier: MIT */
/* The full happens-before clock of mode full: everything that orders, locks included. Off (det->hb_slots is NULL) in mode
 * locks, whose hard clock (sync.h) leaves the locks out. Called by sync.c for all events, and by the race checks for
 * synchronisation variables of the program's own.
 *
 * An access is known by its *tag*: the slot of its thread, and the low bits of the epoch (race.h). When a slot's epochs
 * have run out, the thread goes on in another one; a sweep (hb_worn, hb_renew) makes such slots fit for use again.
 *
 * Runs in call-outs of translated code: no vector register, nothing of libc. The thread is the caller's own, but where
 * it says otherwise; a `time` is the caller's to lock. Takes RANK_HB and what comes after it. */
#ifndef DETECT_ANALYSIS_HB_H
#define DETECT_ANALYSIS_HB_H

#include "analysis/race.h"
#include "analysis/state.h"
#include "base/atomic.h"

#define HB_OWNERS 32u

/* What is needed to find out what everybody knows (hb_common.c). */
struct hb_common {
    uint32_t busy;              /* somebody is about it */
    uint32_t unsettled, changes; /* threads that enter a slot just now; how many ever did */
    uint32_t learnt;            /* how often anybody learnt anything */
    uint32_t found_at, wait;    /* `learnt`, when it was last found out; how much more is worth it */
    uint32_t epochs[RACE_SLOTS];
};

/* A thread that had the slot from that epoch on. */
struct hb_owner {
    uint32_t epoch;
    thread_id thread;
};

/* What others may ask of the thread in a slot; the owner takes the lock only where it learns or leaves. */
struct hb_slot {
    struct spin lock;       /* RANK_HB: the owner's clock, against changes of what it knows of others */
    struct vc_clock *clock; /* NULL: no owner */
    struct hb_owner *owners; /* the last HB_OWNERS; NULL: no memory, or none yet */
    uint32_t base;          /* how often its epochs have run out, in the bits above those of an epoch */
    uint32_t common;        /* what everybody knows of it: epochs below this one (hb_all_know) */
    uint32_t asked;         /* somebody knows its present epoch, which is not over */
    uint32_t owner_count;   /* ever */
    char fill[CACHE_LINE - sizeof(struct spin) - 2 * sizeof(void *) - 16];
};

/* --- of one thread ---------------------------------------------------------------------------------------------------- */

/* Whoever acquires `time` comes after what the thread did so far; earlier releases are replaced, or joined. */
void hb_release(struct detector *det, struct thread *thread, struct vc_time *time);
void hb_release_join(struct detector *det, struct thread *thread, struct vc_time *time);
/* Whether the thread learnt anything. */
bool hb_acquire(struct detector *det, struct thread *thread, const struct vc_time *time);

/* Quickly: whether the thread knows all of it. False may be wrong. */
static inline bool hb_knows_release(const struct thread *thread, const struct vc_time *time)
{
    uint32_t slot = time->slot_plus_1 - 1;
    const struct vc_snapshot *others = thread->hb.others;
    if (!time->slot_plus_1)
        return !time->others;
    if (slot == thread->hb.slot)
        return true;
    return others && slot < others->count && others->epochs[slot] >= time->epoch;
}

/* What has been recorded under the tag orders the thread from here on, and so does all that the thread in that slot had
 * acquired: as if it had released after the access (and it may be said to know a little more than it did then). */
void hb_acquire_from(struct detector *det, struct thread *thread, uint32_t tag);
/* What the thread does from here on has another tag than what it did so far: for what others may come after. */
void hb_close(struct detector *det, struct thread *thread);

static inline uint32_t hb_tag(const struct detector *det, const struct thread *thread)
{
    return thread->hb.slot == VC_NO_SLOT
               ? 0
               : thread->hb.slot << RACE_EPOCH_BITS | (thread->hb.epoch & det->hb.epoch_mask);
}

/* Whether what was recorded under the tag (not 0) happened before what the thread does now. */
static inline bool hb_knows(const struct detector *det, const struct thread *thread, uint32_t tag)
{
    uint32_t slot = tag >> RACE_EPOCH_BITS, epoch = tag & ((1u << RACE_EPOCH_BITS) - 1);
    const struct vc_snapshot *others = thread->hb.others;
    if (slot == thread->hb.slot)
        return true;
    return others && slot < others->count && others->epochs[slot] >= (det->hb_slots[slot].base | epoch);
}

/* Whether everybody who runs knows it, and so whoever starts later. It may be true without being said: as of the last
 * hb_find_common(), which does something only if enough has been learnt since. Any thread, at any time. */
static inline bool hb_all_know(const struct detector *det, uint32_t tag)
{
    const struct hb_slot *slot = &det->hb_slots[tag >> RACE_EPOCH_BITS];
    return load_relaxed(&slot->common) > (slot->base | (tag & ((1u << RACE_EPOCH_BITS) - 1)));
}
void hb_find_common(struct detector *det);
/* Around what leaves a running thread's knowledge out of the slots. */
void hb_unsettle(struct detector *det);
void hb_settle(struct detector *det);

/* The thread's tag is another one, or wanted elsewhere: for translated code. */
void hb_tell_tag(const struct detector *det, struct thread *thread);

/* Call it when something is recorded under the thread's tag. Until then a release needs no new epoch. */
static inline void hb_used(struct thread *thread) { thread->hb_used = true; }

/* --- slots ---------------------------------------------------------------------------------------------------------------- */

/* The thread that the tag is of, THREAD_NONE if that is long ago. Any thread may ask. */
thread_id hb_thread_in(struct detector *det, uint32_t tag);

/* Few slots are left. */
bool hb_needs_sweep(struct detector *det);
/* Slots whose epochs have run out and that nobody has any more (one bit each). `known`: only those all of whose tags every running
 * thread knows; these tags say nothing any more, as whoever starts later knows them too. Returns how many. Under the
 * analysis lock. */
#define HB_SLOT_WORDS ((RACE_SLOTS + 63) / 64)
uint32_t hb_worn(struct detector *det, bool known, uint64_t slots[HB_SLOT_WORDS]);
static inline bool hb_has_slot(const uint64_t *slots, uint32_t tag)
{
    uint32_t slot = tag >> RACE_EPOCH_BITS;
    return slots[slot / 64] >> slot % 64 & 1;
}
/* No word of shadow memory has a tag of these slots any more. */
void hb_renew(struct detector *det, const uint64_t slots[HB_SLOT_WORDS]);

/* --- the detector's part ---------------------------------------------------------------------------------------------------- */

/* Turns it on; before any thread but the first exists. epoch_bits: at most RACE_EPOCH_BITS, slots at most RACE_SLOTS. */
bool hb_watch(struct detector *det, uint32_t slots, unsigned epoch_bits);

/* All below: under the analysis lock. A thread comes after `creator` (NULL: not known; then after everything that has
 * happened, since who made it is one of those that run). */
void hb_thread_begin(struct detector *det, struct thread *thread, struct thread *creator);
/* Once more, ordered after nothing. */
void hb_thread_anew(struct detector *det, struct thread *thread);
void hb_thread_end(struct detector *det, struct thread *thread);
/* One that was not copied by a fork, or never ran. */
void hb_thread_gone(struct detector *det, struct thread *thread);
/* Child of a fork: the locks; and then, when the other threads are gone: what they did is over. */
void hb_reset_locks(struct detector *det);
void hb_forked(struct detector *det, struct thread *self);
void hb_freeze(struct detector *det);
void hb_thaw(struct detector *det);
bool hb_is_valid(struct detector *det);

#endif
