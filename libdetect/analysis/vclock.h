/* SPDX-License-Identifier: MIT */
/* Vector clocks: which event happened before which.
 *
 * A thread has a slot (a small number) and an epoch that goes up after each of its releases. Its clock
 * says, for each slot, up to which epoch it knows what happened there. An event of slot s at epoch e
 * happened before everything done by a clock that knows epoch e of slot s, and only that: one comparison
 * (an "epoch" test; Flanagan and Freund, FastTrack, PLDI 2009).
 *
 * What a thread knows of the others is a snapshot: reference-counted, shared by the thread, by the
 * releases that it published and by the records of its events, and copied when the thread learns
 * something while others share it. So a release, and a record of "now", copies nothing.
 *
 * Slots are reused, so that a program costs what its living threads cost: by a thread whose creator knows
 * the end of the slot's last owner, which loses nothing (whoever knows the new owner knows the old one's
 * end). When there is no such slot and the limit is reached, a free one is reused early: its new owner then
 * counts as created after the end of the old one. That can hide a mistake, never invent one, and is counted.
 * With more living threads than the limit there are more slots, unless the limit is hard: then they have none (VC_NO_SLOT),
 * hand on what they acquire, and their own events are never known to anybody. A slot whose epochs run out is retired and
 * its thread goes on in a new slot, as if it had ended and been created again by itself: nothing is lost, and a
 * retired slot per 2^32 releases is affordable. Where epochs have fewer bits, a slot counts on beyond them once its user
 * has forgotten what it keeps of it under those bits (vc_slot_renew).
 *
 * Thread-safety. A vc_clock belongs to its thread, a vc_time to whoever locks the object that it is in.
 *                    | domain  clock        time                 runs side by side
 *   vc_clock_begin*  | writes  both write   -                    no: under the caller's lock
 *   vc_clock_end     | writes  writes       writes                   no: under the caller's lock
 *   vc_release*      | -       writes       writes               yes, with other clocks and times
 *   vc_acquire       | -       writes       reads                yes
 *   vc_now, _copy    | -       reads        writes               yes
 *   vc_knows, _order | -       reads        reads                yes
 * Only when an epoch runs out does a release write to the domain: it takes the domain's own lock, as
 * begin and end do.
 *
 * Cost: n is the number of slots in use. Everything is O(1) but: vc_acquire of something not yet known,
 * vc_release_join onto releases that the thread does not know, vc_clock_begin: O(n). */
#ifndef DETECT_ANALYSIS_VCLOCK_H
#define DETECT_ANALYSIS_VCLOCK_H

#include "base/arena.h"
#include "base/compiler.h"
#include "base/spin.h"

#define VC_SLOTS_DEFAULT 2048u
#define VC_EPOCH_BITS_DEFAULT 32u
#define VC_NO_SLOT UINT32_MAX

/* Immutable while shared. Entries beyond `count` are 0: nothing is known of those slots. */
struct vc_snapshot {
    uint32_t references;
    uint32_t count;    /* entries in use */
    uint32_t capacity; /* entries there is room for */
    uint32_t epochs[];
};

struct vc_slot {
    struct vc_snapshot *end; /* free: what the last owner knew at its end */
    uint32_t epoch;          /* free: the last owner's last epoch */
    uint32_t owned;
};

struct vc_domain {
    struct spin lock;
    struct arena *arena;
    struct vc_slot *slots;
    uint32_t slot_count, slot_capacity; /* slots ever used; room for */
    uint32_t slot_limit;                /* beyond it, early reuse comes before another slot */
    uint32_t next_free;                 /* where to look first */
    uint32_t owned;                     /* slots of living threads */
    uint32_t epoch_mask;                /* the bits of an epoch; those above count how often they ran out */
    bool hard_limit;
    uint64_t reused_early; /* slots taken over although their last owner's end was not known */
    uint64_t stuck;        /* threads that went on without a slot: none was left (hard limit) */
    uint64_t lost;         /* joins that did not happen, out of memory: order is then missing */
};

/* A running thread's clock. */
struct vc_clock {
    struct vc_snapshot *others; /* NULL: knows nobody. Its entry for `slot` lags behind */
    uint32_t slot;
    uint32_t epoch;
};

/* A published point in time: what a clock was at an event or a release. All zero bytes: "nothing". */
struct vc_time {
    struct vc_snapshot *others;
    uint32_t slot_plus_1; /* 0: several threads' releases joined, all of it is in `others` */
    uint32_t epoch;
};

/* epoch_bits 2..32: few bits are for tests. */
void vc_domain_init(struct vc_domain *domain, struct arena *arena, uint32_t slot_limit,
                    unsigned epoch_bits);
void vc_domain_forked(struct vc_domain *domain); /* child of a fork: the lock is free */

/* A new thread; what `creator` did so far happens before it (NULL: nobody did). Out of memory: it
 * starts with less knowledge (counted in `lost`); false if there is not even a slot. */
bool vc_clock_begin(struct vc_domain *domain, struct vc_clock *clock, struct vc_clock *creator);
/* A new thread that comes after `start` (not NULL). The same, but nobody's epoch changes. */
bool vc_clock_begin_after(struct vc_domain *domain, struct vc_clock *clock, const struct vc_time *start);
/* The thread has ended: its slot may be reused, by whoever comes after `end`, which its joiner acquires.
 * NULL: nobody will. */
void vc_clock_end(struct vc_domain *domain, struct vc_clock *clock, struct vc_time *end);

/* time := now; whoever acquires it comes after what the thread did so far. */
void vc_release(struct vc_domain *domain, struct vc_clock *clock, struct vc_time *time);
/* The same on top of earlier releases by other threads, which stay in force. */
void vc_release_join(struct vc_domain *domain, struct vc_clock *clock, struct vc_time *time);
/* What was released into `time` happens before what the thread does from here on. Whether it learnt anything. */
bool vc_acquire(struct vc_domain *domain, struct vc_clock *clock, const struct vc_time *time);

/* What vc_release consists of: the release as of `epoch` (the current one, or one before the first event since), */
void vc_publish(struct vc_domain *domain, const struct vc_clock *clock, uint32_t epoch, struct vc_time *time);
void vc_publish_join(struct vc_domain *domain, const struct vc_clock *clock, uint32_t epoch, struct vc_time *time);
/* and the next epoch. vc_is_last: that means another slot. */
void vc_tick(struct vc_domain *domain, struct vc_clock *clock);
static inline bool vc_is_last(const struct vc_domain *domain, const struct vc_clock *clock)
{
    return (clock->epoch & domain->epoch_mask) == domain->epoch_mask;
}

/* Slots that nobody owns and that have run out, in the order of their numbers; from `slot` on. VC_NO_SLOT: no more. */
uint32_t vc_slot_worn(struct vc_domain *domain, uint32_t slot, uint32_t *last_epoch);
/* Its epochs go on with the next bit above; returns the number of those bits, shifted to where they stand. */
uint32_t vc_slot_renew(struct vc_domain *domain, uint32_t slot);
/* Slots that could still be given out, if the limit is hard. */
uint32_t vc_slots_left(struct vc_domain *domain);
/* `time` (nothing so far) := what a slot's last owner knew at its end; nothing, if it has another one. */
void vc_slot_end(struct vc_domain *domain, uint32_t slot, struct vc_time *time);
/* `time` := all that any thread did so far, but for the current epochs of those that run. */
void vc_everything(struct vc_domain *domain, struct vc_time *time);

/* A record of an event of this thread: not a release, the epoch stays. `time` must be cleared or
 * zero. */
void vc_now(const struct vc_clock *clock, struct vc_time *time);
void vc_time_copy(struct vc_time *to, const struct vc_time *from); /* `to` must be cleared or zero */
void vc_time_clear(struct vc_domain *domain, struct vc_time *time);
/* Whoever acquires `into` acquires `from` as well. */
void vc_time_join(struct vc_domain *domain, struct vc_time *into, const struct vc_time *from);
static inline bool vc_time_is_nothing(const struct vc_time *time)
{
    return !time->slot_plus_1 && !time->others;
}

/* Whether everything in `time` happened before what the clock's thread does now. */
bool vc_knows(const struct vc_clock *clock, const struct vc_time *time);
/* Whether the event `a` (of vc_now) happened before the event or release `b`. */
bool vc_before(const struct vc_time *a, const struct vc_time *b);
/* Neither before the other; events of one thread are never concurrent. */
static inline bool vc_concurrent(const struct vc_time *a, const struct vc_time *b)
{
    return !vc_before(a, b) && !vc_before(b, a);
}
/* What the clock knows of a slot. */
uint32_t vc_component(const struct vc_clock *clock, uint32_t slot);
uint32_t vc_time_component(const struct vc_time *time, uint32_t slot);

bool vc_clock_is_valid(const struct vc_domain *domain, const struct vc_clock *clock);
bool vc_domain_is_valid(struct vc_domain *domain);

#endif
