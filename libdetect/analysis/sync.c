/* SPDX-License-Identifier: MIT */
/* Published order; see sync.h. Called by the handlers of events. */
#include "analysis/sync.h"

#include "analysis/state.h"

struct order {
    struct vc_time time;
};

static struct spin *lock_of(struct detector *det, const struct object *object)
{
    return &det->order_locks[hash_mix((uintptr_t)object, 0) % ORDER_STRIPES];
}

void sync_lock(struct detector *det, const struct object *object) { spin_lock(lock_of(det, object)); }
void sync_unlock(struct detector *det, const struct object *object)
{
    spin_unlock(lock_of(det, object));
}

/* Out of memory: the order is missing, which can only add a report; counted. */
static void publish(struct detector *det, struct thread *thread, struct order **order)
{
    if (!*order)
        *order = arena_alloc(det->arena, sizeof(**order));
    if (*order)
        vc_release_join(&det->clocks, &thread->clock, &(*order)->time);
    else
        fetch_add_relaxed(&det->losses.out_of_memory, 1);
}

static void take_over(struct detector *det, struct thread *thread, struct order *const *order)
{
    if (*order)
        vc_acquire(&det->clocks, &thread->clock, &(*order)->time);
}

static void release_to(struct detector *det, struct thread *thread, struct object *object,
                       struct order **order)
{
    sync_lock(det, object);
    publish(det, thread, order);
    sync_unlock(det, object);
}

static void drop(struct detector *det, struct order **order)
{
    if (!*order)
        return;
    vc_time_clear(&det->clocks, &(*order)->time);
    arena_free(det->arena, *order, sizeof(**order));
    *order = NULL;
}

static void acquire_from(struct detector *det, struct thread *thread, struct object *object,
                         struct order **order)
{
    sync_lock(det, object);
    take_over(det, thread, order);
    sync_unlock(det, object);
}

void sync_release_locked(struct detector *det, struct thread *thread, struct object *object)
{
    publish(det, thread, &object->order);
}

void sync_acquire_locked(struct detector *det, struct thread *thread, struct object *object)
{
    take_over(det, thread, &object->order);
}

void sync_release(struct detector *det, struct thread *thread, struct object *object)
{
    release_to(det, thread, object, &object->order);
}

bool sync_is_known(struct detector *det, struct thread *thread, struct object *object)
{
    sync_lock(det, object);
    bool known = !object->order || vc_knows(&thread->clock, &object->order->time);
    sync_unlock(det, object);
    return known;
}

void sync_acquire(struct detector *det, struct thread *thread, struct object *object)
{
    if (load_relaxed(&object->order))
        acquire_from(det, thread, object, &object->order);
}

void sync_cycle_enter(struct detector *det, struct thread *thread, struct object *barrier,
                      uint32_t cycle)
{
    release_to(det, thread, barrier, &barrier->more->cycle_order[cycle & 1]);
}

void sync_cycle_leave(struct detector *det, struct thread *thread, struct object *barrier,
                      uint32_t cycle)
{
    acquire_from(det, thread, barrier, &barrier->more->cycle_order[cycle & 1]);
}

void sync_forget(struct detector *det, struct object *object)
{
    sync_lock(det, object);
    drop(det, &object->order);
    if (object->more) {
        drop(det, &object->more->cycle_order[0]);
        drop(det, &object->more->cycle_order[1]);
    }
    sync_unlock(det, object);
}
