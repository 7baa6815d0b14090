/* SPDX-License-Identifier: MIT */
/* Order that passes through objects (the hard clock: see vclock.h and docs/architecture.md).
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

/* Barriers: all that enter a cycle are before all that leave it. */
void sync_cycle_enter(struct detector *det, struct thread *thread, struct object *barrier,
                      uint32_t cycle);
void sync_cycle_leave(struct detector *det, struct thread *thread, struct object *barrier,
                      uint32_t cycle);

/* The object's identity has ended. */
void sync_forget(struct detector *det, struct object *object);

#endif
