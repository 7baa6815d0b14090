/* SPDX-License-Identifier: MIT */
/* Published order; see sync.h. Called by the handlers of events. */
#include "analysis/sync.h"

#include "analysis/hb.h"
#include "analysis/state.h"

/* Memory that was one once stays one: see sync_take(). */
struct order {
    struct vc_time time; /* hard */
    struct vc_time hb;   /* mode full: of everybody but readers, */
    struct vc_time readers;
    struct order *next_free;
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

/* --- records ------------------------------------------------------------------------------------ */

/* Out of memory: the order is missing, which can only add a report; counted. */
static struct order *make(struct detector *det, struct order **order)
{
    if (*order)
        return *order;
    spin_lock(&det->orders_lock);
    struct order *made = det->free_orders;
    if (made)
        det->free_orders = made->next_free;
    spin_unlock(&det->orders_lock);
    if (!made)
        made = arena_alloc(det->arena, sizeof(*made));
    if (!made)
        fetch_add_relaxed(&det->losses.out_of_memory, 1);
    store_release(order, made); /* to sync_take() without a lock */
    return made;
}

static void drop(struct detector *det, struct order **order)
{
    struct order *old = *order;
    if (!old)
        return;
    vc_time_clear(&det->clocks, &old->time);
    vc_time_clear(&det->hb, &old->hb);
    vc_time_clear(&det->hb, &old->readers);
    store_relaxed(order, NULL);
    spin_lock(&det->orders_lock);
    old->next_free = det->free_orders;
    det->free_orders = old;
    spin_unlock(&det->orders_lock);
}

/* --- what orders hard --------------------------------------------------------------------------- */

static void publish(struct detector *det, struct thread *thread, struct order **where)
{
    struct order *order = make(det, where);
    if (!order)
        return;
    vc_release_join(&det->clocks, &thread->clock, &order->time);
    if (thread->has_hb)
        hb_release_join(det, thread, &order->hb);
}

static void take_over(struct detector *det, struct thread *thread, struct order *const *order)
{
    if (!*order)
        return;
    vc_acquire(&det->clocks, &thread->clock, &(*order)->time);
    if (thread->has_hb)
        hb_acquire(det, thread, &(*order)->hb);
}

static void release_to(struct detector *det, struct thread *thread, struct object *object,
                       struct order **order)
{
    sync_lock(det, object);
    publish(det, thread, order);
    sync_unlock(det, object);
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

void sync_release_hard(struct detector *det, struct thread *thread, struct object *mutex)
{
    sync_lock(det, mutex);
    struct order *order = make(det, &mutex->order);
    if (order)
        vc_release_join(&det->clocks, &thread->clock, &order->time);
    sync_unlock(det, mutex);
}

/* --- locks -------------------------------------------------------------------------------------- */

static NOINLINE void take_slow(struct detector *det, struct thread *thread, struct object *lock,
                               enum lock_mode mode)
{
    sync_lock(det, lock);
    take_over(det, thread, &lock->order);
    if (lock->order && mode == MODE_EXCLUSIVE && thread->has_hb)
        hb_acquire(det, thread, &lock->order->readers);
    sync_unlock(det, lock);
}

/* Without the object's order lock if there is nothing new to the thread: whoever holds a lock is alone with what is
 * published on it. Not so in a program that unlocks, or destroys, what another thread holds; it may then miss order, but
 * the record is one in any case. */
void sync_take(struct detector *det, struct thread *thread, struct object *lock, enum lock_mode mode)
{
    const struct order *order = load_acquire(&lock->order); /* made by make() */
    if (!order)
        return;
    bool known = thread->has_hb && hb_knows_release(thread, &order->hb) &&
                 (mode == MODE_SHARED || vc_time_is_nothing(&order->readers)) &&
                 vc_time_is_nothing(&order->time);
    if (UNLIKELY(!known))
        take_slow(det, thread, lock, mode);
}

static NOINLINE void give_slow(struct detector *det, struct thread *thread, struct object *lock,
                               enum lock_mode mode)
{
    sync_lock(det, lock);
    struct order *order = make(det, &lock->order);
    if (order && mode == MODE_SHARED) {
        hb_release_join(det, thread, &order->readers);
    } else if (order) {
        hb_release(det, thread, &order->hb);
        vc_time_clear(&det->hb, &order->readers);
    }
    sync_unlock(det, lock);
}

/* The same; what the thread knows of others has to be on the record already. */
void sync_give(struct detector *det, struct thread *thread, struct object *lock, enum lock_mode mode)
{
    struct order *order = load_acquire(&lock->order);
    if (!thread->has_hb)
        return;
    if (order && mode == MODE_EXCLUSIVE && order->hb.others == thread->hb.others &&
        vc_time_is_nothing(&order->readers))
        hb_release(det, thread, &order->hb);
    else
        give_slow(det, thread, lock, mode);
}

void sync_give_join_locked(struct detector *det, struct thread *thread, struct object *lock)
{
    struct order *order = thread->has_hb ? make(det, &lock->order) : NULL;
    if (order)
        hb_release_join(det, thread, &order->hb);
}

void sync_take_locked(struct detector *det, struct thread *thread, struct object *lock)
{
    if (lock->order && thread->has_hb)
        hb_acquire(det, thread, &lock->order->hb);
}

void sync_give_join(struct detector *det, struct thread *thread, struct object *lock)
{
    sync_lock(det, lock);
    sync_give_join_locked(det, thread, lock);
    sync_unlock(det, lock);
}

/* --- barriers, ends ----------------------------------------------------------------------------- */

static void forget_cycle(struct detector *det, struct thread *thread)
{
    vc_time_clear(&det->clocks, &thread->cycle);
    vc_time_clear(&det->hb, &thread->hb_cycle);
}

void sync_cycle_enter(struct detector *det, struct thread *thread, struct object *barrier)
{
    forget_cycle(det, thread);
    release_to(det, thread, barrier, &barrier->more->cycle_order[0]);
}

void sync_cycle_wake(struct detector *det, struct thread *thread, struct object *barrier)
{
    const struct order *order = barrier->more->cycle_order[0];
    forget_cycle(det, thread);
    if (!order)
        return;
    vc_time_copy(&thread->cycle, &order->time);
    vc_time_copy(&thread->hb_cycle, &order->hb);
}

void sync_cycle_end(struct detector *det, struct object *barrier)
{
    sync_lock(det, barrier);
    drop(det, &barrier->more->cycle_order[1]);
    barrier->more->cycle_order[1] = barrier->more->cycle_order[0];
    barrier->more->cycle_order[0] = NULL;
    sync_unlock(det, barrier);
}

void sync_cycle_leave(struct detector *det, struct thread *thread, struct object *barrier)
{
    if (!vc_time_is_nothing(&thread->cycle)) {
        vc_acquire(&det->clocks, &thread->clock, &thread->cycle);
        if (thread->has_hb)
            hb_acquire(det, thread, &thread->hb_cycle);
        forget_cycle(det, thread);
    } else if (barrier && barrier->more) {
        acquire_from(det, thread, barrier, &barrier->more->cycle_order[0]);
        acquire_from(det, thread, barrier, &barrier->more->cycle_order[1]);
    }
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
