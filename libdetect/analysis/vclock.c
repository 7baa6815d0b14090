/* SPDX-License-Identifier: MIT */
/* Vector clocks; see vclock.h. Called by the analysis for every edge of order, also from call-outs of translated code.
 * Hard rules: a snapshot with more than one reference never changes; no vector register, nothing of libc. */
#include "analysis/vclock.h"

#include "base/atomic.h"
#include "base/words.h"

#define FIRST_SLOTS 16u

/* --- snapshots ------------------------------------------------------------------------------------- */

static size_t snapshot_bytes(uint32_t capacity)
{
    return sizeof(struct vc_snapshot) + capacity * sizeof(uint32_t);
}

static struct vc_snapshot *snapshot_new(struct arena *arena, uint32_t count)
{
    uint32_t capacity = count < 13 ? 13 : count + count / 4; /* 13: a cache line in all */
    struct vc_snapshot *snapshot = arena_alloc(arena, snapshot_bytes(capacity));
    if (!snapshot)
        return NULL;
    snapshot->references = 1;
    snapshot->count = count;
    snapshot->capacity = capacity;
    return snapshot;
}

static struct vc_snapshot *snapshot_share(struct vc_snapshot *snapshot)
{
    if (snapshot)
        (void)fetch_add_relaxed(&snapshot->references, 1);
    return snapshot;
}

static void snapshot_drop(struct arena *arena, struct vc_snapshot *snapshot)
{
    /* Acquires and releases among those that drop it: the last one frees after all reads. */
    if (snapshot && fetch_sub_acq_rel(&snapshot->references, 1) == 1)
        arena_free(arena, snapshot, snapshot_bytes(snapshot->capacity));
}

static uint32_t snapshot_get(const struct vc_snapshot *snapshot, uint32_t slot)
{
    return snapshot && slot < snapshot->count ? snapshot->epochs[slot] : 0;
}

/* *snapshot becomes one that the caller alone owns, with at least `count` entries. NULL stands for an
 * empty one. False when out of memory: nothing changed. */
static bool snapshot_own(struct arena *arena, struct vc_snapshot **snapshot, uint32_t count)
{
    struct vc_snapshot *old = *snapshot;
    uint32_t old_count = old ? old->count : 0;
    if (count < old_count)
        count = old_count;
    /* Acquires the drops of others that shared it. */
    if (old && load_acquire(&old->references) == 1 && count <= old->capacity) {
        old->count = count;
        return true;
    }
    struct vc_snapshot *copy = snapshot_new(arena, count);
    if (!copy)
        return false;
    if (old)
        for (uint32_t slot = 0; slot < old_count; slot++)
            copy->epochs[slot] = old->epochs[slot];
    snapshot_drop(arena, old);
    *snapshot = copy;
    return true;
}

static bool snapshot_raise(struct arena *arena, struct vc_snapshot **snapshot, uint32_t slot,
                           uint32_t epoch)
{
    if (snapshot_get(*snapshot, slot) >= epoch)
        return true;
    if (!snapshot_own(arena, snapshot, slot + 1))
        return false;
    (*snapshot)->epochs[slot] = epoch;
    return true;
}

/* Whether `a` knows everything that `b` knows, slot `except` apart. */
static bool snapshot_covers(const struct vc_snapshot *a, const struct vc_snapshot *b,
                            uint32_t except)
{
    if (a == b || !b)
        return true;
    for (uint32_t slot = 0; slot < b->count; slot++)
        if (b->epochs[slot] > snapshot_get(a, slot) && slot != except)
            return false;
    return true;
}

/* *into learns what `from` knows. */
static bool snapshot_join(struct arena *arena, struct vc_snapshot **into,
                          struct vc_snapshot *from)
{
    if (snapshot_covers(*into, from, VC_NO_SLOT))
        return true;
    if (!*into) {
        *into = snapshot_share(from);
        return true;
    }
    if (!snapshot_own(arena, into, from->count))
        return false;
    uint32_t *epochs = (*into)->epochs;
    for (uint32_t slot = 0; slot < from->count; slot++)
        if (epochs[slot] < from->epochs[slot])
            epochs[slot] = from->epochs[slot];
    return true;
}

/* --- slots ----------------------------------------------------------------------------------------- */

void vc_domain_init(struct vc_domain *domain, struct arena *arena, uint32_t slot_limit,
                    unsigned epoch_bits)
{
    *domain = (struct vc_domain){0};
    spin_init(&domain->lock, RANK_CLOCKS);
    domain->arena = arena;
    domain->slot_limit = slot_limit;
    domain->epoch_mask = (uint32_t)((1ull << epoch_bits) - 1);
}

void vc_domain_forked(struct vc_domain *domain) { spin_reset(&domain->lock); }

static bool grow_slots(struct vc_domain *domain)
{
    uint32_t capacity = domain->slot_capacity ? domain->slot_capacity * 2 : FIRST_SLOTS;
    struct vc_slot *larger =
        arena_grow(domain->arena, domain->slots, domain->slot_capacity * sizeof(*larger),
                   capacity * sizeof(*larger));
    if (!larger)
        return false;
    domain->slots = larger;
    domain->slot_capacity = capacity;
    return true;
}

static void count_lost(struct vc_domain *domain)
{
    (void)fetch_add_relaxed(&domain->lost, 1);
}

static bool is_worn(const struct vc_domain *domain, uint32_t slot)
{
    return (domain->slots[slot].epoch & domain->epoch_mask) == domain->epoch_mask;
}

static bool is_free(const struct vc_domain *domain, uint32_t slot)
{
    return !domain->slots[slot].owned && !is_worn(domain, slot);
}

/* The last epoch that anybody had in a free slot; one that goes on with a bit above (vc_slot_renew) stands before its first. */
static uint32_t last_had(const struct vc_domain *domain, uint32_t slot)
{
    uint32_t epoch = domain->slots[slot].epoch;
    return epoch & domain->epoch_mask ? epoch : epoch - (epoch > 0);
}

/* A free slot; `known`: only one whose last owner's end is known there. The search goes round, so that those
 * that ended long ago come first. */
static uint32_t find_free(struct vc_domain *domain, const struct vc_clock *known)
{
    if (domain->owned == domain->slot_count)
        return VC_NO_SLOT;
    for (uint32_t i = 0; i < domain->slot_count; i++) {
        uint32_t slot = domain->next_free++ % domain->slot_count;
        if (is_free(domain, slot) &&
            (!known || last_had(domain, slot) <= snapshot_get(known->others, slot)))
            return slot;
    }
    return VC_NO_SLOT;
}

static uint32_t find_fresh(struct vc_domain *domain)
{
    if (domain->slot_count == domain->slot_capacity && !grow_slots(domain))
        return VC_NO_SLOT;
    domain->slots[domain->slot_count] = (struct vc_slot){0};
    return domain->slot_count++;
}

/* Any free slot. As whoever will know the new owner's epochs will pass for knowing the last one's, the
 * new owner has to know what that one knew. */
static uint32_t take_early(struct vc_domain *domain, struct vc_clock *clock)
{
    uint32_t slot = find_free(domain, NULL);
    if (slot == VC_NO_SLOT)
        return VC_NO_SLOT;
    domain->reused_early++;
    if (!snapshot_join(domain->arena, &clock->others, domain->slots[slot].end))
        count_lost(domain);
    return slot;
}

/* Gives the clock a slot of its own, at the epoch after the last owner's. */
static bool take_slot(struct vc_domain *domain, struct vc_clock *clock)
{
    spin_lock(&domain->lock);
    uint32_t slot = find_free(domain, clock);
    if (slot == VC_NO_SLOT && domain->slot_count >= domain->slot_limit)
        slot = take_early(domain, clock);
    if (slot == VC_NO_SLOT && (!domain->hard_limit || domain->slot_count < domain->slot_limit))
        slot = find_fresh(domain);
    if (slot != VC_NO_SLOT) {
        struct vc_slot *entry = &domain->slots[slot];
        snapshot_drop(domain->arena, entry->end);
        entry->end = NULL;
        entry->owned = 1;
        domain->owned++;
        clock->slot = slot;
        clock->epoch = entry->epoch + 1;
    }
    spin_unlock(&domain->lock);
    return slot != VC_NO_SLOT;
}

/* `end`: what the owner knew; the reference goes to the slot. */
static void give_slot(struct vc_domain *domain, uint32_t slot, uint32_t last_epoch,
                      struct vc_snapshot *end)
{
    spin_lock(&domain->lock);
    domain->slots[slot] = (struct vc_slot){.end = end, .epoch = last_epoch};
    domain->owned--;
    spin_unlock(&domain->lock);
}

/* --- clocks ---------------------------------------------------------------------------------------- */

/* What the clock's thread did so far becomes part of `others` as well: before it leaves the slot, or
 * hands its knowledge on. */
static bool know_own(struct vc_domain *domain, struct vc_clock *clock)
{
    return snapshot_raise(domain->arena, &clock->others, clock->slot, clock->epoch);
}

/* The slot's epochs have run out: the thread goes on in another one, as its own child. */
static void change_slot(struct vc_domain *domain, struct vc_clock *clock)
{
    struct vc_clock next = *clock;
    if (!know_own(domain, clock)) {
        count_lost(domain); /* stays in the last epoch: what follows counts as released already */
        return;
    }
    next.others = clock->others;
    if (!take_slot(domain, &next)) {
        (void)fetch_add_relaxed(domain->hard_limit ? &domain->stuck : &domain->lost, 1);
        if (!domain->hard_limit)
            return;
        next.slot = VC_NO_SLOT; /* who stayed in the last epoch would pass for known */
        next.epoch = 0;
    }
    give_slot(domain, clock->slot, clock->epoch, snapshot_share(next.others));
    *clock = next;
}

void vc_tick(struct vc_domain *domain, struct vc_clock *clock)
{
    if (LIKELY(!vc_is_last(domain, clock)))
        clock->epoch += clock->slot != VC_NO_SLOT;
    else
        change_slot(domain, clock);
}

bool vc_clock_begin_after(struct vc_domain *domain, struct vc_clock *clock, const struct vc_time *start)
{
    *clock = (struct vc_clock){.others = snapshot_share(start->others), .slot = VC_NO_SLOT};
    if (start->slot_plus_1 &&
        !snapshot_raise(domain->arena, &clock->others, start->slot_plus_1 - 1, start->epoch))
        count_lost(domain);
    if (take_slot(domain, clock) || domain->hard_limit)
        return true;
    snapshot_drop(domain->arena, clock->others);
    clock->others = NULL;
    return false;
}

bool vc_clock_begin(struct vc_domain *domain, struct vc_clock *clock, struct vc_clock *creator)
{
    struct vc_time start = {0};
    if (creator)
        vc_release(domain, creator, &start);
    bool begun = vc_clock_begin_after(domain, clock, &start);
    vc_time_clear(domain, &start);
    return begun;
}

void vc_clock_end(struct vc_domain *domain, struct vc_clock *clock, struct vc_time *end)
{
    if (end) { /* a release without a new epoch: whoever acquires it knows the slot's end */
        vc_time_clear(domain, end);
        vc_now(clock, end);
    }
    if (clock->slot != VC_NO_SLOT)
        give_slot(domain, clock->slot, clock->epoch, clock->others);
    else
        snapshot_drop(domain->arena, clock->others);
    clock->others = NULL;
    clock->slot = VC_NO_SLOT;
}

uint32_t vc_component(const struct vc_clock *clock, uint32_t slot)
{
    return slot == clock->slot ? clock->epoch : snapshot_get(clock->others, slot);
}

uint32_t vc_time_component(const struct vc_time *time, uint32_t slot)
{
    return slot + 1 == time->slot_plus_1 ? time->epoch : snapshot_get(time->others, slot);
}

/* --- slots that have run out, and all of them ------------------------------------------------------- */

uint32_t vc_slot_worn(struct vc_domain *domain, uint32_t slot, uint32_t *last_epoch)
{
    spin_lock(&domain->lock);
    while (slot < domain->slot_count && (domain->slots[slot].owned || !is_worn(domain, slot)))
        slot++;
    bool found = slot < domain->slot_count;
    if (found)
        *last_epoch = domain->slots[slot].epoch;
    spin_unlock(&domain->lock);
    return found ? slot : VC_NO_SLOT;
}

uint32_t vc_slot_renew(struct vc_domain *domain, uint32_t slot)
{
    spin_lock(&domain->lock);
    uint32_t base = domain->slots[slot].epoch + 1;
    if (base) /* else it was the last of all */
        domain->slots[slot].epoch = base;
    spin_unlock(&domain->lock);
    return base;
}

uint32_t vc_slots_left(struct vc_domain *domain)
{
    spin_lock(&domain->lock);
    uint32_t left = domain->slot_limit - domain->slot_count;
    for (uint32_t slot = 0; slot < domain->slot_count; slot++)
        left += is_free(domain, slot);
    spin_unlock(&domain->lock);
    return left;
}

void vc_slot_end(struct vc_domain *domain, uint32_t slot, struct vc_time *time)
{
    spin_lock(&domain->lock);
    if (slot < domain->slot_count)
        time->others = snapshot_share(domain->slots[slot].end);
    spin_unlock(&domain->lock);
}

void vc_everything(struct vc_domain *domain, struct vc_time *time)
{
    vc_time_clear(domain, time);
    spin_lock(&domain->lock);
    struct vc_snapshot *all = snapshot_new(domain->arena, domain->slot_count);
    for (uint32_t slot = 0; all && slot < domain->slot_count; slot++)
        all->epochs[slot] = domain->slots[slot].owned ? 0 : domain->slots[slot].epoch;
    spin_unlock(&domain->lock);
    if (!all)
        count_lost(domain);
    time->others = all;
}

/* --- points in time -------------------------------------------------------------------------------- */

void vc_time_clear(struct vc_domain *domain, struct vc_time *time)
{
    snapshot_drop(domain->arena, time->others);
    *time = (struct vc_time){0};
}

void vc_time_copy(struct vc_time *to, const struct vc_time *from)
{
    *to = *from;
    (void)snapshot_share(to->others);
}

void vc_time_join(struct vc_domain *domain, struct vc_time *into, const struct vc_time *from)
{
    struct arena *arena = domain->arena;
    if (!snapshot_join(arena, &into->others, from->others) ||
        (into->slot_plus_1 && !snapshot_raise(arena, &into->others, into->slot_plus_1 - 1, into->epoch)) ||
        (from->slot_plus_1 && !snapshot_raise(arena, &into->others, from->slot_plus_1 - 1, from->epoch)))
        count_lost(domain);
    into->slot_plus_1 = 0;
    into->epoch = 0;
}

void vc_now(const struct vc_clock *clock, struct vc_time *time)
{
    time->others = snapshot_share(clock->others);
    time->slot_plus_1 = clock->slot + 1;
    time->epoch = clock->epoch;
}

void vc_publish(struct vc_domain *domain, const struct vc_clock *clock, uint32_t epoch, struct vc_time *time)
{
    if (time->others != clock->others) {
        snapshot_drop(domain->arena, time->others);
        time->others = snapshot_share(clock->others);
    }
    time->slot_plus_1 = clock->slot + 1; /* 0 for VC_NO_SLOT */
    time->epoch = epoch;
}

void vc_publish_join(struct vc_domain *domain, const struct vc_clock *clock, uint32_t epoch, struct vc_time *time)
{
    if (vc_knows(clock, time)) {
        vc_publish(domain, clock, epoch, time);
        return;
    }
    struct arena *arena = domain->arena;
    if (!snapshot_join(arena, &time->others, clock->others) ||
        (clock->slot != VC_NO_SLOT && !snapshot_raise(arena, &time->others, clock->slot, epoch)) ||
        (time->slot_plus_1 &&
         !snapshot_raise(arena, &time->others, time->slot_plus_1 - 1, time->epoch)))
        count_lost(domain);
    time->slot_plus_1 = 0;
    time->epoch = 0;
}

void vc_release(struct vc_domain *domain, struct vc_clock *clock, struct vc_time *time)
{
    vc_publish(domain, clock, clock->epoch, time);
    vc_tick(domain, clock);
}

void vc_release_join(struct vc_domain *domain, struct vc_clock *clock, struct vc_time *time)
{
    vc_publish_join(domain, clock, clock->epoch, time);
    vc_tick(domain, clock);
}

bool vc_acquire(struct vc_domain *domain, struct vc_clock *clock, const struct vc_time *time)
{
    if (vc_knows(clock, time))
        return false;
    struct arena *arena = domain->arena;
    if (!snapshot_join(arena, &clock->others, time->others) ||
        (time->slot_plus_1 &&
         !snapshot_raise(arena, &clock->others, time->slot_plus_1 - 1, time->epoch)))
        count_lost(domain);
    return true;
}

bool vc_knows(const struct vc_clock *clock, const struct vc_time *time)
{
    if (time->slot_plus_1)
        return vc_component(clock, time->slot_plus_1 - 1) >= time->epoch;
    return snapshot_covers(clock->others, time->others, clock->slot);
}

bool vc_before(const struct vc_time *a, const struct vc_time *b)
{
    if (a->slot_plus_1)
        return vc_time_component(b, a->slot_plus_1 - 1) >= a->epoch;
    return snapshot_covers(b->others, a->others, b->slot_plus_1 - 1);
}

/* --- checks ------------------------------------------------------------------------------------------ */

static bool snapshot_is_valid(const struct vc_snapshot *snapshot)
{
    return !snapshot || (snapshot->references > 0 && snapshot->references < 1u << 31 &&
                         snapshot->count <= snapshot->capacity);
}

bool vc_clock_is_valid(const struct vc_domain *domain, const struct vc_clock *clock)
{
    if (clock->slot == VC_NO_SLOT)
        return domain->hard_limit && clock->epoch == 0 && snapshot_is_valid(clock->others);
    return clock->slot < domain->slot_count && domain->slots[clock->slot].owned &&
           (clock->epoch & domain->epoch_mask) > 0 && snapshot_is_valid(clock->others);
}

bool vc_domain_is_valid(struct vc_domain *domain)
{
    uint32_t owned = 0;
    bool valid = domain->slot_count <= domain->slot_capacity;
    spin_lock(&domain->lock);
    for (uint32_t slot = 0; slot < domain->slot_count && valid; slot++) {
        owned += domain->slots[slot].owned;
        valid = domain->slots[slot].owned <= 1;
    }
    valid = valid && owned == domain->owned;
    spin_unlock(&domain->lock);
    return valid;
}
