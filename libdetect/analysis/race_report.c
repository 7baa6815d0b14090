/* SPDX-License-Identifier: MIT */
/* Races as findings: what race_found.c has put aside, told under the analysis lock. Called by the runtime, in ordinary
 * code, after call-outs and interceptors that have found something. */
#include "analysis/misuse.h"
#include "analysis/race.h"
#include "analysis/evidence.h"

#define MOST_FRAMES STACK_MAX_FRAMES
#define TOLD_ADDRESSES 8u

/* A finding so far: two places in the code. */
struct race_told {
    struct race_told *next;
    uint64_t key;
    uint32_t number, address_count;
    uintptr_t addresses[TOLD_ADDRESSES];
    size_t size;
    bool moves; /* between plain moves, of what may turn out to be atomic */
};

bool race_has_findings(const struct thread *thread)
{
    return thread->race.to_report;
}

/* --- stacks ----------------------------------------------------------------------------------------------------------- */

static stack_id stack_of(struct detector *det, const struct site *site)
{
    uintptr_t pcs[MOST_FRAMES];
    frame_t frames[MOST_FRAMES];
    pcs[0] = site->pc;
    uint32_t count = 1 + calltree_frames(&det->races->calls, site->call, pcs + 1, MOST_FRAMES - 1);
    for (uint32_t i = 1; i < count; i++)
        pcs[i]--; /* inside the call */
    if (det->env.stack_of)
        return det->env.stack_of(det->env.ctx, pcs, count);
    for (uint32_t i = 0; i < count; i++)
        frames[i] = FRAME(0, pcs[i]);
    return depot_intern(det->depot, frames, count);
}

/* --- the finding ------------------------------------------------------------------------------------------------------- */

static enum finding_kind kind_of(const struct site *previous, const struct site *current)
{
    uint32_t flags = previous->flags | current->flags;
    if (flags & RACE_DESCRIPTOR)
        return KIND_FD_RACE;
    if (flags & RACE_STATIC)
        return KIND_LIBC_RACE;
    return flags & RACE_ENDS ? KIND_FREE_RACE : KIND_RACE;
}

/* Making one reads and writes it, closing it writes, use reads. */
static const char *message_of_descriptor(uint32_t previous, uint32_t current)
{
    bool closed = !(previous & RACE_READ), closes = !(current & RACE_READ);
    if (closes)
        return closed ? "%T0 closes %O0, which %T1 has closed, and nothing orders the two"
                      : "%T0 closes %O0, which %T1 uses, and nothing orders the two";
    if (closed)
        return current & RACE_WRITE ? "%T0 makes %O0 again, which %T1 has closed, and nothing orders the two"
                                    : "%T0 uses %O0, which %T1 has closed, and nothing orders the two";
    return "%T0 and %T1 use %O0, which one of them has just made, and nothing orders the two";
}

static const char *message_of(enum finding_kind kind, const struct site *previous, const struct site *current)
{
    if (kind == KIND_FD_RACE)
        return message_of_descriptor(previous->flags, current->flags);
    if (kind == KIND_LIBC_RACE)
        return "%T0 and %T1 use %O0, which is libc's, and nothing orders them";
    if (kind == KIND_FREE_RACE && current->flags & RACE_ENDS)
        return "%T0 gives back %O0, which %T1 has used, and nothing orders the two";
    if (kind == KIND_FREE_RACE)
        return "%T0 uses %O0, which %T1 has given back, and nothing orders the two";
    if (current->flags & previous->flags & RACE_WRITE)
        return "%T0 writes %O0, which %T1 has written, and nothing orders the two";
    if (current->flags & RACE_WRITE)
        return "%T0 writes %O0, which %T1 has read, and nothing orders the two";
    return "%T0 reads %O0, which %T1 has written, and nothing orders the two";
}

/* stack STACK_NONE: what the site knows of it. */
static void add_access(struct detector *det, thread_id thread, stack_id stack, const struct site *site, uintptr_t address)
{
    struct finding_access access = {.flags = site->flags, .address = address, .size = site->size};
    finding_add_access(&det->finding, thread, stack != STACK_NONE ? stack : stack_of(det, site), &access);
}

static void add_held(struct detector *det, thread_id thread, uint32_t set)
{
    while (set) {
        struct site_lock lock = site_lock_get(&det->races->sites, set);
        const struct object *object = objects_find(&det->objects, lock.kind, lock.addr);
        struct finding_object described = {.kind = lock.kind, .addr = lock.addr, .size = object_size(lock.kind)};
        if (object)
            mistake_describe(object, &described);
        uint32_t index = finding_add_object(&det->finding, &described);
        finding_add_held(&det->finding, thread, index, lock.mode, lock.acquired_at);
        set = lock.next;
    }
}

static uint64_t place_of(const struct site *site)
{
    return hash_mix(site->pc, site->flags & (RACE_READ | RACE_WRITE | RACE_ENDS));
}

/* The same for either order of the two. */
static uint64_t key_of(enum finding_kind kind, const struct site *previous, const struct site *current)
{
    uint64_t a = place_of(previous), b = place_of(current);
    return hash_mix(hash_mix(a < b ? a : b, a < b ? b : a), kind);
}

static void add_memory(struct detector *det, const struct race_finding *found)
{
    struct finding_object memory = {.kind = OBJECT_MEMORY, .addr = found->address, .size = found->size};
    finding_add_object(&det->finding, &memory);
}

/* Out of memory: the finding cannot be withdrawn, nor get further objects. */
static void remember(struct detector *det, uint64_t key, const struct race_finding *found, const struct site *previous,
                     const struct site *current)
{
    struct race_told *told = arena_alloc(det->arena, sizeof(*told));
    if (!told)
        return;
    *told = (struct race_told){.next = det->races->told, .key = key, .number = det->finding.number, .address_count = 1,
                               .addresses = {found->address}, .size = found->size,
                               .moves = evidence_is_possible(previous->flags, current->flags)};
    det->races->told = told;
    det->races->moves_told += told->moves;
}

static struct race_told *told_before(const struct races *races, uint64_t key)
{
    struct race_told *told = races->told;
    while (told && told->key != key)
        told = told->next;
    return told;
}

/* The same two places again. */
static void tell_again(struct detector *det, uint64_t key, const struct race_finding *found)
{
    finding_count_again(&det->findings, key, found->times);
    struct race_told *told = told_before(det->races, key);
    for (uint32_t i = 0; told && i < told->address_count; i++)
        if (told->addresses[i] == found->address)
            return;
    if (!told || told->address_count == TOLD_ADDRESSES)
        return;
    told->addresses[told->address_count++] = found->address;
    finding_begin(&det->finding, KIND_RACE, CONFIDENCE_CERTAIN, "");
    det->finding.number = told->number;
    det->finding.further = true;
    add_memory(det, found);
    det->env.on_finding(det->env.ctx, &det->finding);
}

static void tell(struct detector *det, struct thread *thread, const struct race_finding *found)
{
    struct site previous = site_get(&det->races->sites, found->previous);
    struct site current = site_get(&det->races->sites, found->current);
    enum finding_kind kind = kind_of(&previous, &current);
    uint64_t key = key_of(kind, &previous, &current);
    if (finding_lookup(&det->findings, key)) {
        tell_again(det, key, found);
        return;
    }
    thread_id other = hb_thread_in(det, found->previous_tag);
    bool open = evidence_is_possible(previous.flags, current.flags);
    mistake_begin(det, kind, found->doubt || open ? CONFIDENCE_POSSIBLE : CONFIDENCE_CERTAIN,
                  message_of(kind, &previous, &current));
    finding_add_thread(&det->finding, thread->id);
    finding_add_thread(&det->finding, other);
    add_memory(det, found);
    add_access(det, thread->id, det->env.capture_stack(det->env.ctx), &current, found->address);
    add_access(det, other, STACK_NONE, &previous, found->address);
    add_held(det, thread->id, current.locks);
    add_held(det, other, previous.locks);
    if (open)
        det->finding.because =
            (previous.flags | current.flags) & RACE_FOLDED
                ? "clang makes such instructions of an atomic load and store as well, and there is no debug information to tell"
                : "both are plain moves in code without debug information, and may be atomic in the source";
    if (found->doubt)
        det->finding.because = "code ran that could not be watched, and may have ordered the two";
    if (mistake_end_named(det, &key, 1))
        remember(det, key, found, &previous, &current);
}

/* --- findings that were none ---------------------------------------------------------------------------------------------- */

static bool is_about_variable(struct detector *det, const struct race_told *told)
{
    for (uint32_t i = 0; i < told->address_count; i++)
        if (race_is_variable(det, told->addresses[i], told->size))
            return true;
    return false;
}

static void withdraw(struct detector *det)
{
    for (struct race_told **link = &det->races->told; *link;) {
        struct race_told *told = *link;
        if (!told->moves || !is_about_variable(det, told)) {
            link = &told->next;
            continue;
        }
        *link = told->next;
        det->races->moves_told--;
        if (det->env.on_withdrawn)
            det->env.on_withdrawn(det->env.ctx, told->number);
        finding_forget(&det->findings, told->key);
        arena_free(det->arena, told, sizeof(*told));
    }
}

void race_forget_told(struct detector *det)
{
    for (struct race_told *next, *told = det->races->told; told; told = next) {
        next = told->next;
        arena_free(det->arena, told, sizeof(*told));
    }
    det->races->told = NULL;
    det->races->moves_told = 0;
}

void race_report(struct detector *det, struct thread *thread)
{
    struct race_local *local = thread->race.local;
    if (!local)
        return;
    spin_lock(&det->lock);
    if (thread->race.wants_sweep)
        race_sweep(det, thread);
    thread->race.wants_sweep = false;
    for (uint32_t i = 0; i < local->finding_count; i++)
        tell(det, thread, &local->findings[i]);
    local->finding_count = 0;
    thread->race.to_report = false;
    if (local->recheck)
        withdraw(det);
    local->recheck = false;
    spin_unlock(&det->lock);
}
