/* SPDX-License-Identifier: MIT */
/* What a detector consists of; for the files behind detector.h only. */
#ifndef DETECT_ANALYSIS_STATE_H
#define DETECT_ANALYSIS_STATE_H

#include "analysis/detector.h"
#include "analysis/lockgraph.h"
#include "analysis/objects.h"
#include "analysis/stacks.h"
#include "analysis/thread.h"
#include "analysis/vclock.h"
#include "base/spin.h"

#define ORDER_STRIPES 64u

struct hb_slot;
struct order;
struct races;
struct reliance;

struct detector {
    struct spin lock; /* RANK_ANALYSIS: everything here unless it says otherwise */
    struct arena *arena;
    struct stackdepot *depot;
    struct detector_env env;

    struct object_table objects; /* its readers need no lock */
    struct vc_domain clocks;     /* its own */
    struct spin order_locks[ORDER_STRIPES]; /* RANK_OBJECT: what is published on objects (sync.c) */
    struct spin orders_lock;                /* RANK_ORDERS */
    struct order *free_orders;
    struct vc_domain hb;      /* mode full: the happens-before clock with all locks (hb.h); its own */
    struct vc_time hb_handled; /* whoever installed handlers, before they run */
    struct hb_slot *hb_slots; /* RACE_SLOTS of them, and one for who has none. NULL: mode locks */
    struct hb_common *hb_common;
    struct races *races;      /* NULL: accesses are not checked */
    struct lockgraph *graph;
    struct finding_table findings;

    struct hash_table threads_by_id;
    struct thread *threads, *free_threads;
    thread_id last_thread;
    struct stack_table stacks;

    struct thread *waiters; /* threads with a registered wait */
    uint32_t alive, waiting, spinning, sequence; /* struct detector_pulse; read without the lock */
    bool all_waiting;       /* to be told when the lock has been given up */
    uint64_t searches;      /* in the wait-for graph */

    uint64_t handled;       /* signals with a handler of the program's */
    uint32_t interruptible; /* threads in which one of these can run */
    struct detector_stats stats;
    struct detector_losses losses;
    struct reliance *reliances; /* findings that stand on semaphores being locks (misuse.c) */
    uint64_t forgotten; /* of the acquisition tree, when the threads' caches were last emptied for it */
    struct lg_held *scratch; /* what lockgraph_acquire() is told */
    uint32_t scratch_capacity;
    struct finding finding; /* the one being built: too large for the program's stacks */
};

/* Mode full: the happens-before clock is kept. */
static inline bool detector_is_full(const struct detector *det) { return UNLIKELY(det->hb_slots); }

static inline uint32_t detector_next_sequence(struct detector *det)
{
    return fetch_add_relaxed(&det->sequence, 1);
}

/* Gives up the lock, and then tells the environment if all threads wait. */
void detector_unlock(struct detector *det);
/* The event's stack; asks the environment if it came without one. */
stack_id detector_stack(struct detector *det, const struct event *event);

/* --- events, by the file that handles them; all under the lock -------------------------------- */

/* detector_locks.c */
void locks_request(struct detector *det, struct thread *thread, const struct event *event);
void locks_acquire(struct detector *det, struct thread *thread, const struct event *event);
void locks_give_up(struct detector *det, struct thread *thread, const struct event *event);
void locks_release(struct detector *det, struct thread *thread, const struct event *event);
/* Pushes a lock that was obtained and enters it in the acquisition tree. */
void locks_take(struct detector *det, struct thread *thread, struct object *object,
                const struct event *event);
/* The reverse, by the entry's place in the thread's list. False: the thread does not hold it any more. Part of the
 * fast path. */
static ALWAYS_INLINE bool locks_drop_at(struct thread *thread, uint32_t index)
{
    struct held_lock *held = &thread->held.locks[index];
    struct object *object = held->object;
    if (!held_is_current(held, thread))
        return false;
    if (--held->depth > 0)
        return true;
    thread->released = object->uid;
    if (held->mode == MODE_SHARED)
        fetch_add_relaxed(&object_rest(object)->readers, -1);
    else
        store_release(&object->owner, NULL);
    held_remove_at(&thread->held, index);
    return true;
}

static inline bool locks_drop(struct thread *thread, struct object *object)
{
    struct held_lock *held = held_find(&thread->held, object);
    return held && locks_drop_at(thread, (uint32_t)(held - thread->held.locks));
}
/* The thread found a routine done for which it would have waited while it ran: an order, but nothing is
 * held afterwards. */
void locks_pass(struct detector *det, struct thread *thread, struct object *once,
                const struct event *event);
/* Mode full: what the release of the lock orders, before the thread drops it. */
void locks_publish(struct detector *det, struct thread *thread, struct object *object);
/* Unlocked, though not by its holder. */
void locks_release_for_others(struct object *object);
/* Whoever holds it exclusively loses it: unlocked by another thread, destroyed, gone. */
void locks_take_away(struct object *object);
/* detector_sem.c */
void sems_acquire(struct detector *det, struct thread *thread, struct object *object,
                  const struct event *event);
void sems_post(struct detector *det, struct thread *thread, const struct event *event);
/* The same without the analysis lock, for what is already known of the semaphore. False: not settled.
 * `step` is the acquisition of a semaphore that is a lock (detector.c). */
bool sems_acquire_fast(struct detector *det, struct thread *thread, const struct event *event,
                       bool (*step)(struct detector *, struct thread *, struct object *,
                                    const struct event *));
bool sems_post_fast(struct detector *det, struct thread *thread, const struct event *event);
/* detector_cond.c */
void conds_wait(struct detector *det, struct thread *thread, const struct event *event);
void conds_wake(struct detector *det, struct thread *thread, const struct event *event);
void conds_signal(struct detector *det, struct thread *thread, const struct event *event);
void barriers_enter(struct detector *det, struct thread *thread, const struct event *event);
void barriers_leave(struct detector *det, struct thread *thread, const struct event *event);
/* detector_life.c */
void life_init(struct detector *det, struct thread *thread, const struct event *event);
void life_destroy(struct detector *det, struct thread *thread, const struct event *event);
void life_first_use(struct detector *det, struct thread *thread, const struct event *event);
void life_range_gone(struct detector *det, struct thread *thread, const struct event *event);
/* The thread got a lock that it holds: the memory was set to a fresh lock, unseen. */
void life_reappeared(struct detector *det, struct thread *thread, struct object *object,
                     const struct event *event);
/* The stack pointer has passed above objects on the thread's own stack. */
void life_stack_left(struct detector *det, struct thread *thread, uintptr_t sp,
                     const struct event *event);
/* The live record; made if there is none (without a finding: the interceptor judged the bytes). NULL
 * when out of memory. */
struct object *life_object(struct detector *det, struct thread *thread, enum object_kind kind,
                           uintptr_t addr, const struct event *event);
/* The object of the wait that this event ends; it may have been destroyed meanwhile. NULL: gone. */
struct object *life_waited_on(struct detector *det, struct thread *thread,
                              const struct event *event);
struct object_more *life_more(struct detector *det, struct object *object);

#endif
