/* SPDX-License-Identifier: MIT */
/* Life of the program's objects: from initialisation or first use to destroy, free, munmap or the end of
 * their stack frame. Under the analysis lock.
 *
 * After a mistake the object goes on as if it had not been made, so that it is reported once. */
#include <string.h>

#include "analysis/misuse.h"
#include "analysis/state.h"
#include "analysis/sync.h"
#include "analysis/waitgraph.h"

static uint16_t flags_of(const struct event *event)
{
    uint16_t flags = 0;
    if (event->flags & EVF_RECURSIVE)
        flags |= OBJ_RECURSIVE;
    if (event->flags & EVF_ERRORCHECK)
        flags |= OBJ_ERRORCHECK;
    if (event->flags & EVF_ROBUST)
        flags |= OBJ_ROBUST;
    if (event->flags & EVF_SHARED)
        flags |= OBJ_SHARED;
    if (event->flags & EVF_WRITER_FIRST)
        flags |= OBJ_WRITER_FIRST;
    return flags;
}

/* --- begin ------------------------------------------------------------------------------------ */

struct object_more *life_more(struct detector *det, struct object *object)
{
    if (!object->more) {
        object->more = arena_alloc(det->arena, sizeof(*object->more));
        if (!object->more)
            det->losses.out_of_memory++;
    }
    return object->more;
}

static void count_object(struct detector *det, enum object_kind kind)
{
    struct detector_stats *stats = &det->stats;
    stats->objects_seen++;
    if (!object_is_lock(kind) && kind != OBJECT_SEM)
        return;
    stats->locks_seen++;
    if (++stats->locks_alive > stats->locks_peak)
        stats->locks_peak = stats->locks_alive;
}

static void begin_identity(struct detector *det, struct object *object, const struct event *event)
{
    object->flags = flags_of(event);
    object_rest(object)->created_at = detector_stack(det, event);
    object->state = STATE_LIVE;
    struct thread *owner = stacks_find(&det->stacks, object->addr);
    if (owner && object_size(object->kind) && object->addr < owner->stack_watch)
        store_relaxed(&owner->stack_watch, object->addr);
    /* Until it is initialised with 1, nothing says that it is used as a lock. */
    if (object->kind == OBJECT_SEM)
        object->flags |= OBJ_SIGNALLING;
    if (detector_is_full(det) && object_is_lock(object->kind))
        object->flags |= OBJ_ORDERED;
    count_object(det, object->kind);
}

static struct object *new_object(struct detector *det, enum object_kind kind, uintptr_t addr,
                                 const struct event *event)
{
    struct object *object = objects_add(&det->objects, kind, addr);
    if (!object) {
        det->losses.out_of_memory++;
        return NULL;
    }
    begin_identity(det, object, event);
    return object;
}

static struct object *first_use(struct detector *det, enum object_kind kind, uintptr_t addr,
                                const struct event *event)
{
    struct object *object = new_object(det, kind, addr, event);
    if (object)
        object->flags |= OBJ_STATIC;
    return object;
}

/* --- end -------------------------------------------------------------------------------------- */

/* It is no lock any more. Threads that were woken and have not returned yet can still learn from it. */
static void retire(struct detector *det, struct object *object)
{
    locks_take_away(object);
    if (object_is_lock(object->kind) || object->kind == OBJECT_SEM ||
        object->kind == OBJECT_ONCE)
        lockgraph_lock_dead(det->graph, object->uid);
    if (object_is_lock(object->kind) || object->kind == OBJECT_SEM)
        det->stats.locks_alive--;
}

static void end_identity(struct detector *det, struct object *object)
{
    if (object->state == STATE_LIVE)
        retire(det, object);
    sync_forget(det, object);
    sync_lock(det, object);
    struct object_more *more = object->more;
    object->more = NULL;
    sync_unlock(det, object);
    arena_free(det->arena, more, sizeof(*more));
    object_rest(object)->readers = 0;
    object_rest(object)->waiters = 0;
    object->exposed = 0;
    object_rest(object)->last_owner = THREAD_NONE;
}

static void remove_object(struct detector *det, struct object *object)
{
    end_identity(det, object);
    objects_remove(&det->objects, object);
}

struct others {
    struct detector *det;
    enum object_kind kind;
};

static void remove_other(void *ctx, struct object *object)
{
    struct others *others = ctx;
    if (object->kind != others->kind)
        remove_object(others->det, object);
}

/* The memory has become something else, unseen. */
static void forget_others_at(struct detector *det, enum object_kind kind, uintptr_t addr)
{
    struct others others = {det, kind};
    if (object_size(kind) && kind != OBJECT_USER && kind != OBJECT_FUTEX)
        objects_visit(&det->objects, addr, 1, remove_other, &others);
}

/* Held by a thread that is there to be harmed by its end. */
static bool is_held(const struct object *object)
{
    if (!object_is_lock(object->kind) || object->flags & (OBJ_OWNER_ENDED | OBJ_ORPHANED | OBJ_BLAMED))
        return false;
    return load_relaxed(&object->owner) || load_relaxed(&object_rest(object)->readers) > 0;
}

static bool is_waited_on(const struct object *object)
{
    const struct object_more *more = object->more;
    if (object->kind == OBJECT_COND)
        return more && more->waiting > more->signals;
    if (object->kind == OBJECT_BARRIER)
        return more && more->arrived > 0;
    return object_rest(object)->waiters > 0;
}

/* --- events ----------------------------------------------------------------------------------- */

static bool has_static_initialiser(enum object_kind kind)
{
    return kind == OBJECT_MUTEX || kind == OBJECT_RWLOCK || kind == OBJECT_COND ||
           kind == OBJECT_ONCE;
}

/* The object was destroyed. Bytes of a static initialiser mean that it was set to that since: destroy leaves
 * others. */
static bool is_new_life(const struct object *object, const struct event *event)
{
    if (event->flags & EVF_SHARED)
        return true;
    return event->type == EVENT_FIRST_USE && event->flags & EVF_BYTES_VALID &&
           has_static_initialiser(object->kind);
}

static void revive(struct detector *det, struct thread *thread, struct object *object,
                   const struct event *event)
{
    if (!is_new_life(object, event))
        misuse_after_destroy(det, thread, object, event);
    end_identity(det, object);
    objects_renew(object);
    begin_identity(det, object, event);
    object->flags |= OBJ_STATIC;
}

struct object *life_waited_on(struct detector *det, struct thread *thread,
                              const struct event *event)
{
    struct object *object = thread->wait.object;
    if (thread->wait.reason != WAIT_NONE && object && object->addr == event->addr &&
        object->uid == thread->wait.uid)
        return object;
    return objects_find(&det->objects, event->object, event->addr);
}

struct object *life_object(struct detector *det, struct thread *thread, enum object_kind kind,
                           uintptr_t addr, const struct event *event)
{
    struct object *object = objects_find_in(&det->objects, &thread->objects, kind, addr);
    if (object)
        return object;
    object = objects_find(&det->objects, kind, addr);
    if (!object)
        return first_use(det, kind, addr, event);
    revive(det, thread, object, event);
    return object;
}

void life_first_use(struct detector *det, struct thread *thread, const struct event *event)
{
    struct object *object = objects_find(&det->objects, event->object, event->addr);
    if (object && object->state == STATE_DESTROYED)
        revive(det, thread, object, event);
    if (object)
        return;
    bool valid = event->flags & (EVF_BYTES_VALID | EVF_SHARED);
    if (valid) /* else it may be a function for another kind of object, which lives on */
        forget_others_at(det, event->object, event->addr);
    object = first_use(det, event->object, event->addr, event);
    if (object && !valid)
        misuse_uninitialised(det, thread, object, event);
}

static void set_initial_value(struct detector *det, struct object *object,
                              const struct event *event)
{
    if (object->kind != OBJECT_SEM && object->kind != OBJECT_BARRIER)
        return;
    struct object_more *more = life_more(det, object);
    if (!more)
        return;
    more->initial = event->value;
    more->threads = (uint32_t)event->value;
    if (object->kind == OBJECT_SEM && event->value == 1 && !(object->flags & OBJ_SHARED))
        object->flags &= ~OBJ_SIGNALLING;
}

void life_init(struct detector *det, struct thread *thread, const struct event *event)
{
    struct object *object = objects_find(&det->objects, event->object, event->addr);
    if (object) {
        if (object->state == STATE_LIVE && (is_held(object) || is_waited_on(object)))
            misuse_reinit(det, thread, object, event);
        end_identity(det, object);
        objects_renew(object);
        begin_identity(det, object, event);
    } else {
        object = new_object(det, event->object, event->addr, event);
    }
    forget_others_at(det, event->object, event->addr);
    if (object)
        set_initial_value(det, object, event);
}

/* A carrier of order that will not be used again: nothing of it is kept, there may be one for each connection. */
static void carrier_gone(struct detector *det, struct thread *thread, const struct event *event)
{
    struct object *object =
        objects_find_in(&det->objects, &thread->objects, event->object, event->addr);
    if (object)
        remove_object(det, object);
}

/* The library waits until the other threads have left. If they never do, the finding explains it. */
static void wait_for_users(struct detector *det, struct thread *thread, struct object *object,
                           const struct event *event)
{
    struct wait wait = {
        .reason = WAIT_LOCK,
        .shared = object->flags & OBJ_SHARED,
        .deadlocked = true,
        .object = object,
        .uid = object->uid,
        .stack = detector_stack(det, event),
    };
    waitgraph_begin(det, thread, &wait);
}

void life_destroy(struct detector *det, struct thread *thread, const struct event *event)
{
    if (!object_size(event->object)) {
        carrier_gone(det, thread, event);
        return;
    }
    struct object *object = life_object(det, thread, event->object, event->addr, event);
    if (!object)
        return;
    bool in_use = is_waited_on(object);
    if (in_use || is_held(object)) {
        misuse_destroy(det, thread, object, event, in_use);
        object->flags |= OBJ_BLAMED;
        if (object->kind == OBJECT_COND || object->kind == OBJECT_BARRIER)
            wait_for_users(det, thread, object, event);
        return;
    }
    if (event->flags & EVF_REFUSED)
        return;
    retire(det, object);
    object->state = STATE_DESTROYED;
    object_rest(object)->destroyed_at = detector_stack(det, event);
}

struct range {
    struct detector *det;
    struct thread *thread;
    const struct event *event;
};

static void object_gone(void *ctx, struct object *object)
{
    struct range *range = ctx;
    if (object->state == STATE_LIVE && is_held(object))
        misuse_free_locked(range->det, range->thread, object, range->event);
    else if (object->state == STATE_LIVE && is_waited_on(object) &&
             !(range->event->flags & EVF_STACK))
        misuse_destroy(range->det, range->thread, object, range->event, true);
    remove_object(range->det, object);
}

void life_range_gone(struct detector *det, struct thread *thread, const struct event *event)
{
    struct range range = {det, thread, event};
    objects_visit(&det->objects, event->addr, event->value, object_gone, &range);
}

void life_reappeared(struct detector *det, struct thread *thread, struct object *object,
                     const struct event *event)
{
    /* A frame at the same place as the last one; elsewhere, assigned by the program. */
    if (stacks_find(&det->stacks, object->addr) == thread && is_held(object))
        misuse_free_locked(det, thread, object, event);
    end_identity(det, object);
    objects_renew(object);
    begin_identity(det, object, event);
    object->flags |= OBJ_STATIC;
}

static void find_lowest(void *ctx, struct object *object)
{
    uintptr_t *lowest = ctx;
    if (object->addr < *lowest)
        *lowest = object->addr;
}

void life_stack_left(struct detector *det, struct thread *thread, uintptr_t sp,
                     const struct event *event)
{
    struct event gone = {.type = EVENT_RANGE_GONE, .flags = EVF_STACK, .addr = thread->stack_watch,
                         .value = sp - thread->stack_watch, .stack = event->stack};
    life_range_gone(det, thread, &gone);
    uintptr_t lowest = UINTPTR_MAX;
    objects_visit(&det->objects, sp, thread->stack_high - sp, find_lowest, &lowest);
    thread->stack_watch = lowest;
}
