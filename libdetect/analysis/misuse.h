/* SPDX-License-Identifier: MIT */
/* Reports of mistakes: one function per kind of mistake, and the steps that build a finding.
 *
 * Called by the handlers of events, under the analysis lock. The finding is built in detector.finding. */
#ifndef DETECT_ANALYSIS_MISUSE_H
#define DETECT_ANALYSIS_MISUSE_H

#include "analysis/state.h"

/* --- building (misuse.c) ---------------------------------------------------------------------- */

void mistake_begin(struct detector *det, enum finding_kind kind,
                   enum finding_confidence confidence, const char *message);
/* Index of the object in the finding. */
uint32_t mistake_object(struct detector *det, const struct object *object);
/* The same for an object that may have no record: what the event says of it. */
void mistake_object_of(struct detector *det, const struct event *event);
void mistake_thread(struct detector *det, thread_id thread);
void mistake_stack(struct detector *det, const char *role, thread_id thread, stack_id stack);
/* What the thread holds. Its own thread, or one that waits. */
void mistake_held(struct detector *det, struct thread *thread);
/* Reports it unless the same mistake was reported before: same kind, same kinds of objects, same places
 * of the first two stacks. Whether it is new. */
bool mistake_end(struct detector *det);
/* The same with the caller's own names for the mistake (finding_is_new_any). */
bool mistake_end_named(struct detector *det, const uint64_t *keys, uint32_t key_count);
/* Hash of the kind and of the places of the first `stacks` stacks. */
uint64_t mistake_key(const struct detector *det, uint32_t stacks);
/* "waits for %O3" and so on: role texts with a number in them. */
const char *role_waits_for(uint32_t object);
const char *role_waits_again_for(uint32_t object);
const char *role_waits_behind_writer(uint32_t object);
const char *role_acquired(uint32_t object);
const char *role_joins(uint32_t thread);
const char *role_was_woken(uint32_t mutex);
const char *role_waits_for_ended(uint32_t object);
const char *role_last_woke(uint32_t object, bool signalled);
void mistake_describe(const struct object *object, struct finding_object *out);
/* The finding stands on the semaphores among its objects being locks: it goes if one turns out not to be. */
void mistake_relies_on_semaphores(struct detector *det);
void mistake_forget_reliances(struct detector *det);
void mistake_withdraw(struct detector *det, lock_uid semaphore);

/* --- locks (misuse_locks.c) ------------------------------------------------------------------- */

void misuse_double_lock(struct detector *det, struct thread *thread, struct object *object,
                        const struct event *event);
void misuse_upgrade(struct detector *det, struct thread *thread, struct object *object,
                    const struct event *event);
void misuse_unlock(struct detector *det, struct thread *thread, struct object *object,
                   const struct event *event);
void misuse_orphaned(struct detector *det, struct thread *thread, struct object *object,
                     const struct event *event);
/* `handler` took it in the handler of `signo`, ordinary code at `ordinary`. */
void misuse_in_handler(struct detector *det, struct object *object, thread_id handler_thread,
                       stack_id handler, thread_id ordinary_thread, stack_id ordinary);
void misuse_exit_holding(struct detector *det, struct thread *thread, const struct event *event);
/* A cycle that the acquisition tree has found. */
void misuse_lock_order(struct detector *det, const struct lg_cycle *cycle);

/* --- life of objects (misuse_life.c) ---------------------------------------------------------- */

void misuse_destroy(struct detector *det, struct thread *thread, struct object *object,
                    const struct event *event, bool in_use);
void misuse_reinit(struct detector *det, struct thread *thread, struct object *object,
                   const struct event *event);
void misuse_after_destroy(struct detector *det, struct thread *thread, struct object *object,
                          const struct event *event);
void misuse_uninitialised(struct detector *det, struct thread *thread, struct object *object,
                          const struct event *event);
void misuse_free_locked(struct detector *det, struct thread *thread, struct object *object,
                        const struct event *event);

/* --- condition variables, threads, arguments (misuse_calls.c) --------------------------------- */

void misuse_wait_unlocked(struct detector *det, struct thread *thread, struct object *cond,
                          struct object *mutex, const struct event *event);
void misuse_two_mutexes(struct detector *det, struct thread *thread, struct object *cond,
                        struct object *mutex, const struct thread *other,
                        const struct event *event);
void misuse_signal_unlocked(struct detector *det, struct thread *thread, struct object *cond,
                            struct object *mutex, const struct event *event);
void misuse_thread_leak(struct detector *det, const struct thread *leaked);
void misuse_invalid(struct detector *det, struct thread *thread, const struct event *event);
void misuse_error_returned(struct detector *det, struct thread *thread, const struct event *event);

#endif
