/* SPDX-License-Identifier: MIT */
/* Order that passes through objects (docs/architecture.md: two clocks). What orders hard orders in mode full's
 * happens-before as well; locks do so there alone (sync_take, sync_give).
 *
 * A release publishes the thread's time on the object, an acquire takes it over. What is published sits behind
 * a lock of its own (one of detector.order_locks), so that descriptors, semaphores and user annotations of
 * unrelated threads do not meet. May be called with or without the analysis lock. */
#ifndef DETECT_ANALYSIS_SYNC_H
#define DETECT_ANALYSIS_SYNC_H

#include "analysis/objects.h"

struct detector;

/* The thread's past happens before whoever acquires from the object; earlier releases stay in force. */
void sync_release(struct detector *det, struct thread *thread, struct object *object);
/* Holds what is published on the object, and what detector_sem.c adds to that. Rank: RANK_OBJECT. */
void sync_lock(struct detector *det, const struct object *object);
void sync_unlock(struct detector *det, const struct object *object);
/* sync_release and sync_acquire for who holds that lock. */
void sync_release_locked(struct detector *det, struct thread *thread, struct object *object);
void sync_acquire_locked(struct detector *det, struct thread *thread, struct object *object);
/* Whether the thread comes after all that was released already. */
bool sync_is_known(struct detector *det, struct thread *thread, struct object *object);
void sync_acquire(struct detector *det, struct thread *thread, struct object *object);

/* --- mode full: what locks order -------------------------------------------------------------------------------------- */

/* The thread has got the lock (and takes over what a signaller has published on it, in any mode). */
void sync_take(struct detector *det, struct thread *thread, struct object *lock, enum lock_mode mode);
/* It is about to give it up, having held it in that mode. A writer knows what all before it did, and replaces it. */
void sync_give(struct detector *det, struct thread *thread, struct object *lock, enum lock_mode mode);
/* Somebody gives up what it does not hold, or a semaphore that is used as a lock; earlier releases stay in force. */
void sync_give_join(struct detector *det, struct thread *thread, struct object *lock);
void sync_give_join_locked(struct detector *det, struct thread *thread, struct object *lock);
void sync_take_locked(struct detector *det, struct thread *thread, struct object *lock);

/* For lock-order prediction alone: a signaller's order, published on a mutex that its waiters use. */
void sync_release_hard(struct detector *det, struct thread *thread, struct object *mutex);

/* --- barriers: all that enter a cycle are before all that leave it ---------------------------------------------- */

/* All under the analysis lock. */
void sync_cycle_enter(struct detector *det, struct thread *thread, struct object *barrier);
/* The cycle is complete. For each thread in it: this is what it will leave with, however late. Then its end. */
void sync_cycle_wake(struct detector *det, struct thread *thread, struct object *barrier);
void sync_cycle_end(struct detector *det, struct object *barrier);
/* Of a cycle that nobody saw complete (in other processes, or it is not known how many threads it has), what can be known.
 * The barrier may be NULL, destroyed meanwhile. */
void sync_cycle_leave(struct detector *det, struct thread *thread, struct object *barrier);

/* The object's identity has ended. */
void sync_forget(struct detector *det, struct object *object);

#endif
