/* SPDX-License-Identifier: MIT */
/* The full happens-before clock; see hb.h. Called for each event that orders, and from call-outs of translated code.
 *
 * What a thread knows of others (thread->hb.others) is changed by the thread alone, under its slot's lock; others read it
 * under that lock, the thread itself without. Its epoch changes without any lock: whoever reads that of a running thread
 * makes it begin another one before it learns anything more (`asked`), since to know an epoch is to know all that its
 * thread knew when it ended. */
#include "analysis/hb.h"

#include "base/atomic.h"

#define SPARE_SLOTS 64u /* so few left (or an eighth of all, if that is less): time to sweep */

_Static_assert(sizeof(struct hb_slot) == CACHE_LINE, "threads do not share the line of another one's lock");
_Static_assert(RACE_NO_TAG >> RACE_EPOCH_BITS == RACE_SLOTS && RACE_SLOTS << RACE_EPOCH_BITS == (RACE_BUSY & RACE_TAG_MASK), "no tag is as high");

/* Threads without a slot have the entry behind the last one in common: its lock. */
static struct hb_slot *slot_of(struct detector *det, const struct thread *thread)
{
    return &det->hb_slots[thread->hb.slot < RACE_SLOTS ? thread->hb.slot : RACE_SLOTS];
}

static void tell_tag(struct thread *thread, uint32_t tag)
{
    uint32_t *words = thread->tag_words;
    if (!words)
        return;
    store_relaxed(&words[RACE_TAG], tag);
    store_relaxed(&words[RACE_TAG_HALF_WRITTEN], tag | RACE_HALF_WRITTEN);
    store_relaxed(&words[RACE_TAG_HALF_READ], tag | RACE_HALF_READ);
    store_relaxed(&words[RACE_TAG_WHOLE_READ], tag | RACE_WHOLE_READ);
}

void hb_tell_tag(const struct detector *det, struct thread *thread)
{
    uint32_t tag = hb_tag(det, thread);
    tell_tag(thread, tag ? tag : RACE_NO_TAG);
}

/* --- epochs ------------------------------------------------------------------------------------------------------------ */

static void note_owner(struct detector *det, struct hb_slot *slot, const struct thread *thread)
{
    if (!slot->owners)
        slot->owners = arena_alloc(det->arena, HB_OWNERS * sizeof(*slot->owners));
    if (slot->owners)
        slot->owners[slot->owner_count++ % HB_OWNERS] = (struct hb_owner){thread->hb.epoch, thread->id};
}

static void enter_slot(struct detector *det, struct thread *thread)
{
    struct hb_slot *slot = slot_of(det, thread);
    spin_lock(&slot->lock);
    if (thread->hb.slot != VC_NO_SLOT) {
        slot->clock = &thread->hb;
        slot->asked = 0;
        note_owner(det, slot, thread);
    }
    spin_unlock(&slot->lock);
    thread->hb_used = true; /* the epoch before may be of an earlier owner */
}

static COLD void change_slot(struct detector *det, struct thread *thread)
{
    struct hb_slot *old = slot_of(det, thread);
    hb_unsettle(det);
    spin_lock(&old->lock);
    vc_tick(&det->hb, &thread->hb);
    if (slot_of(det, thread) != old)
        old->clock = NULL;
    spin_unlock(&old->lock);
    enter_slot(det, thread);
    hb_settle(det);
    hb_tell_tag(det, thread);
    if (thread->race.local && hb_needs_sweep(det))
        thread->race.wants_sweep = thread->race.to_report = true;
}

static void next_epoch(struct detector *det, struct thread *thread)
{
    if (UNLIKELY(vc_is_last(&det->hb, &thread->hb))) {
        change_slot(det, thread);
        return;
    }
    vc_tick(&det->hb, &thread->hb);
    thread->hb_used = thread->hb.slot == VC_NO_SLOT;
    hb_tell_tag(det, thread);
}

/* The last epoch under which anything was done. */
static uint32_t used_epoch(const struct thread *thread)
{
    return thread->hb.epoch - !thread->hb_used;
}

thread_id hb_thread_in(struct detector *det, uint32_t tag)
{
    struct hb_slot *slot = &det->hb_slots[tag >> RACE_EPOCH_BITS];
    uint32_t epoch = slot->base | (tag & ((1u << RACE_EPOCH_BITS) - 1));
    thread_id found = THREAD_NONE;
    spin_lock(&slot->lock);
    uint32_t last = slot->owner_count, kept = last < HB_OWNERS ? last : HB_OWNERS;
    for (uint32_t i = last - kept; i < last; i++)
        if (slot->owners[i % HB_OWNERS].epoch <= epoch)
            found = slot->owners[i % HB_OWNERS].thread;
    spin_unlock(&slot->lock);
    return found;
}

/* --- releases and acquires --------------------------------------------------------------------------------------------- */

void hb_release(struct detector *det, struct thread *thread, struct vc_time *time)
{
    vc_publish(&det->hb, &thread->hb, used_epoch(thread), time);
    if (thread->hb_used)
        next_epoch(det, thread);
}

void hb_release_join(struct detector *det, struct thread *thread, struct vc_time *time)
{
    vc_publish_join(&det->hb, &thread->hb, used_epoch(thread), time);
    if (thread->hb_used)
        next_epoch(det, thread);
}

void hb_close(struct detector *det, struct thread *thread)
{
    if (thread->hb_used)
        next_epoch(det, thread);
}

/* Epochs that others know are over before anything more is learnt: see the head of this file. */
static NOINLINE void learn(struct detector *det, struct thread *thread, const struct vc_time *time)
{
    struct hb_slot *slot = slot_of(det, thread);
    spin_lock(&slot->lock);
    while (UNLIKELY(slot->asked) && thread->hb.slot != VC_NO_SLOT) {
        spin_unlock(&slot->lock);
        next_epoch(det, thread);
        slot = slot_of(det, thread);
        spin_lock(&slot->lock);
        slot->asked = 0; /* nobody can have seen the new epoch yet: nothing was recorded under it */
    }
    vc_acquire(&det->hb, &thread->hb, time);
    spin_unlock(&slot->lock);
    (void)fetch_add_relaxed(&det->hb_common->learnt, 1);
    hb_used(thread);
}

bool hb_acquire(struct detector *det, struct thread *thread, const struct vc_time *time)
{
    if (vc_knows(&thread->hb, time))
        return false;
    learn(det, thread, time);
    return true;
}

void hb_acquire_from(struct detector *det, struct thread *thread, uint32_t tag)
{
    struct vc_time past = {0};
    uint32_t number = tag >> RACE_EPOCH_BITS;
    struct hb_slot *slot = &det->hb_slots[number];
    if (hb_knows(det, thread, tag))
        return;
    spin_lock(&slot->lock);
    if (slot->clock) {
        vc_now(slot->clock, &past);
        slot->asked = 1;
    } else {
        vc_slot_end(&det->hb, number, &past);
    }
    spin_unlock(&slot->lock);
    past.slot_plus_1 = number + 1;
    past.epoch = slot->base | (tag & ((1u << RACE_EPOCH_BITS) - 1));
    learn(det, thread, &past);
    vc_time_clear(&det->hb, &past);
}

/* --- threads ------------------------------------------------------------------------------------------------------------ */

/* What every thread did so far. */
static void gather(struct detector *det, struct vc_time *all)
{
    vc_everything(&det->hb, all);
    for (struct thread *other = det->threads; other; other = other->next) {
        if (!other->has_hb)
            continue;
        struct hb_slot *slot = slot_of(det, other);
        spin_lock(&slot->lock);
        slot->asked = 1;
        vc_publish_join(&det->hb, &other->hb, used_epoch(other), all);
        spin_unlock(&slot->lock);
    }
}

static void begin_after(struct detector *det, struct thread *thread, const struct vc_time *start)
{
    thread->has_hb = vc_clock_begin_after(&det->hb, &thread->hb, start);
    thread_attend(thread, ATTENTION_FULL);
    det->losses.threads_untagged += thread->hb.slot == VC_NO_SLOT;
    enter_slot(det, thread);
}

void hb_thread_begin(struct detector *det, struct thread *thread, struct thread *creator)
{
    struct vc_time start = {0};
    hb_unsettle(det);
    if (creator)
        hb_release(det, creator, &start);
    else
        gather(det, &start);
    begin_after(det, thread, &start);
    vc_time_clear(&det->hb, &start);
    hb_settle(det);
}

static void leave_slot(struct detector *det, struct thread *thread, struct vc_time *end)
{
    if (!thread->has_hb)
        return;
    struct hb_slot *slot = slot_of(det, thread);
    spin_lock(&slot->lock);
    vc_clock_end(&det->hb, &thread->hb, end);
    slot->clock = NULL;
    spin_unlock(&slot->lock);
    thread->has_hb = false;
}

void hb_thread_end(struct detector *det, struct thread *thread)
{
    leave_slot(det, thread, &thread->hb_end);
    tell_tag(thread, RACE_NO_TAG);
    thread->tag_words = NULL;
}

void hb_thread_anew(struct detector *det, struct thread *thread)
{
    struct vc_time start = {0};
    hb_unsettle(det);
    leave_slot(det, thread, NULL);
    begin_after(det, thread, &start);
    hb_settle(det);
    hb_tell_tag(det, thread);
}

void hb_thread_gone(struct detector *det, struct thread *thread)
{
    thread->tag_words = NULL; /* on a stack that nobody uses */
    leave_slot(det, thread, NULL);
}

/* --- slots that have run out --------------------------------------------------------------------------------------------- */

bool hb_needs_sweep(struct detector *det)
{
    uint32_t last;
    uint32_t spare = det->hb.slot_limit / 8 < SPARE_SLOTS ? det->hb.slot_limit / 8 : SPARE_SLOTS;
    return vc_slots_left(&det->hb) <= spare && vc_slot_worn(&det->hb, 0, &last) != VC_NO_SLOT;
}

static bool all_know(struct detector *det, uint32_t number, uint32_t epoch)
{
    bool known = true;
    for (struct thread *thread = det->threads; thread && known; thread = thread->next) {
        if (!thread->has_hb)
            continue;
        struct hb_slot *slot = slot_of(det, thread);
        spin_lock(&slot->lock);
        known = vc_component(&thread->hb, number) >= epoch;
        spin_unlock(&slot->lock);
    }
    return known;
}

uint32_t hb_worn(struct detector *det, bool known, uint64_t slots[HB_SLOT_WORDS])
{
    uint32_t count = 0, epoch;
    for (unsigned i = 0; i < HB_SLOT_WORDS; i++)
        slots[i] = 0;
    for (uint32_t number = 0; (number = vc_slot_worn(&det->hb, number, &epoch)) != VC_NO_SLOT; number++) {
        if (known && !all_know(det, number, epoch))
            continue;
        slots[number / 64] |= 1ull << number % 64;
        count++;
    }
    return count;
}

void hb_renew(struct detector *det, const uint64_t slots[HB_SLOT_WORDS])
{
    for (uint32_t number = 0; number < RACE_SLOTS; number++) {
        if (!(slots[number / 64] >> number % 64 & 1))
            continue;
        uint32_t base = vc_slot_renew(&det->hb, number);
        if (base)
            store_relaxed(&det->hb_slots[number].base, base);
    }
}

/* --- the detector's part -------------------------------------------------------------------------------------------------- */

static void order_lock(void *ctx, struct object *object)
{
    (void)ctx;
    if (object_is_lock(object->kind))
        object->flags |= OBJ_ORDERED;
}

bool hb_watch(struct detector *det, uint32_t slots, unsigned epoch_bits)
{
    det->hb_slots = arena_alloc(det->arena, (RACE_SLOTS + 1) * sizeof(*det->hb_slots));
    det->hb_common = arena_alloc(det->arena, sizeof(*det->hb_common));
    if (!det->hb_slots || !det->hb_common)
        return false;
    for (uint32_t i = 0; i <= RACE_SLOTS; i++)
        spin_init(&det->hb_slots[i].lock, RANK_HB);
    vc_domain_init(&det->hb, det->arena, slots, epoch_bits);
    det->hb.hard_limit = true;
    for (struct thread *thread = det->threads; thread; thread = thread->next)
        hb_thread_begin(det, thread, NULL);
    objects_visit_all(&det->objects, order_lock, NULL);
    return true;
}

void hb_forked(struct detector *det, struct thread *self)
{
    struct vc_time all = {0};
    vc_everything(&det->hb, &all);
    if (self && self->has_hb)
        hb_acquire(det, self, &all);
    vc_time_clear(&det->hb, &all);
}

void hb_freeze(struct detector *det)
{
    spin_lock_all(&det->hb_slots->lock, RACE_SLOTS + 1, sizeof(*det->hb_slots));
}

void hb_thaw(struct detector *det)
{
    spin_unlock_all(&det->hb_slots->lock, RACE_SLOTS + 1, sizeof(*det->hb_slots));
}

void hb_reset_locks(struct detector *det)
{
    for (uint32_t i = 0; i <= RACE_SLOTS; i++)
        spin_reset(&det->hb_slots[i].lock);
    det->hb_common->busy = det->hb_common->unsettled = 0;
    vc_domain_forked(&det->hb);
}

bool hb_is_valid(struct detector *det)
{
    for (const struct thread *thread = det->threads; thread; thread = thread->next)
        if (thread->has_hb && (!vc_clock_is_valid(&det->hb, &thread->hb) ||
                               (thread->hb.slot != VC_NO_SLOT && slot_of(det, thread)->clock != &thread->hb)))
            return false;
    return vc_domain_is_valid(&det->hb);
}
