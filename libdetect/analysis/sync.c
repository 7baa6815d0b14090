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

/* Out of memory: the order is missing, which can only add a report; counted. */
static void release_to(struct detector *det, struct thread *thread, struct object *object,
                       struct order **order)
{
    struct spin *lock = lock_of(det, object);
    spin_lock(lock);
    if (!*order)
        *order = arena_alloc(det->arena, sizeof(**order));
    if (*order)
        vc_release_join(&det->clocks, &thread->clock, &(*order)->time);
    else
        fetch_add_relaxed(&det->losses.out_of_memory, 1);
    spin_unlock(lock);
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
    struct spin *lock = lock_of(det, object);
    spin_lock(lock);
    if (*order)
        vc_acquire(&det->clocks, &thread->clock, &(*order)->time);
    spin_unlock(lock);
}

void sync_release(struct detector *det, struct thread *thread, struct object *object)
{
    release_to(det, thread, object, &object->order);
}

bool sync_is_known(struct detector *det, struct thread *thread, struct object *object)
{
    struct spin *lock = lock_of(det, object);
    spin_lock(lock);
    bool known = !object->order || vc_knows(&thread->clock, &object->order->time);
    spin_unlock(lock);
    return known;
}

void sync_acquire(struct detector *det, struct thread *thread, struct object *object)
{
    if (load_relaxed(&object->order))
        acquire_from(det, thread, object, &object->order);
}

bool sync_acquire_last(struct detector *det, struct thread *thread, struct object *object)
{
    struct spin *lock = lock_of(det, object);
    spin_lock(lock);
    bool news = object->order && !vc_knows(&thread->clock, &object->order->time);
    if (news) {
        vc_acquire(&det->clocks, &thread->clock, &object->order->time);
        vc_time_clear(&det->clocks, &object->order->time);
    }
    spin_unlock(lock);
    return news;
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
    struct spin *lock = lock_of(det, object);
    spin_lock(lock);
    drop(det, &object->order);
    if (object->more) {
        drop(det, &object->more->cycle_order[0]);
        drop(det, &object->more->cycle_order[1]);
    }
    spin_unlock(lock);
}
