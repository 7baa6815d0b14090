/* SPDX-License-Identifier: MIT */
/* The analysis as its users see it: feed it events, get findings.
 *
 * Pure: no I/O, no clock, no pthread calls, no global state; memory from the arena that is passed in.
 * Everything that it needs from outside is in `struct detector_env`.
 *
 * Thread-safety: detector_feed() may be called by many threads at once, each with its own `struct
 * thread`. What only concerns that thread and objects that it alone owns takes no lock; the rest runs
 * under one lock (RANK_ANALYSIS). The caller has signals deferred (runtime/self.h). */
#ifndef DETECT_ANALYSIS_DETECTOR_H
#define DETECT_ANALYSIS_DETECTOR_H

#include "analysis/finding.h"
#include "analysis/stackdepot.h"
#include "base/arena.h"
#include "event/event.h"

struct detector;
struct thread;

struct detector_env {
    void *ctx;
    /* The calling thread's stack, for events that came with STACK_NONE. May return STACK_NONE. */
    stack_id (*capture_stack)(void *ctx);
    /* A new finding. Called once per finding, with RANK_ANALYSIS held: it may take locks of higher
     * rank only, and must copy what it keeps. */
    void (*on_finding)(void *ctx, const struct finding *finding);
    /* An earlier finding was explained by something seen since. */
    void (*on_withdrawn)(void *ctx, uint32_t finding_number);
    /* The last running thread is about to wait for another one of this process (or ended while all others
     * wait). Called without locks, often: most such moments pass. */
    void (*on_all_waiting)(void *ctx);
    /* Another process can write to this address. Asked before a hang is reported; NULL: never so. */
    bool (*is_shared)(void *ctx, uintptr_t addr);
    /* The stack of these program addresses, innermost first, each inside its instruction. NULL: kept as they are. */
    stack_id (*stack_of)(void *ctx, const uintptr_t *pcs, uint32_t count);
};

struct detector_stats {
    uint64_t threads_seen, threads_alive, threads_peak;
    uint64_t locks_seen, locks_alive, locks_peak; /* mutexes, rwlocks, spin locks, semaphores */
    uint64_t objects_seen;                        /* the same with condition variables, barriers … */
    uint64_t lock_orders;                         /* distinct "held x, took y" pairs; not if y was just tried,
                                                     and nothing waited for while it was held */
    uint64_t chains;                              /* nodes of the acquisition tree */
    uint64_t cycles_checked, cycles_pruned;       /* candidates looked at; thrown out as impossible */
    uint64_t waits;                               /* REQUESTs: acquisitions that had to wait */
};

/* What was lost; each becomes an entry of the report's `limits` if it is not zero. */
struct detector_losses {
    uint64_t out_of_memory;     /* records that could not be made */
    uint64_t chains_full;       /* acquisitions not entered in the acquisition tree */
    uint64_t chains_forgotten;  /* nodes of the acquisition tree that gave way to others */
    uint64_t searches_cut;      /* cycle searches that ran out of their budget */
    uint64_t slots_reused_early; /* thread slots reused without order (vclock.h) */
    uint64_t threads_untagged;  /* threads whose accesses are not checked: all slots of mode full are taken */
    uint64_t epochs_exhausted;  /* threads that lost theirs, because its epochs had run out */
    uint64_t sweeps_blind;      /* sweeps that forgot accesses which some thread had not been ordered after */
    uint64_t histories_lost;    /* of 8 bytes of memory, or of the place of an access */
    uint64_t races_lost;        /* found at once with too many others */
    uint64_t handlers_nested;
    uint64_t events_unknown;
};

struct detector *detector_create(struct arena *arena, struct stackdepot *depot,
                                 const struct detector_env *env);

/* --- threads ---------------------------------------------------------------------------------- */

/* The first thread, or one that was not seen being created (creator NULL). `stack_low`..`stack_high`
 * are the bounds of its stack (0, 0: unknown). NULL when out of memory: the thread is then not watched. */
struct thread *detector_thread_create(struct detector *det, struct thread *creator, stack_id stack);
/* That thread is one that libc has made because the program asked for it: it forgets what it is ordered after so far, events
 * say it. */
void detector_thread_on_request(struct detector *det, struct thread *thread);
/* Called by the new thread itself, before any other event of it. */
void detector_thread_start(struct detector *det, struct thread *thread, uintptr_t stack_low,
                           uintptr_t stack_high, uint64_t signal_mask);
/* The thread has called pthread_exit there; its clean-up is still to come. By the thread itself. */
void detector_thread_leaves(struct thread *thread, stack_id stack);
/* The thread runs no more code of the program. Its record stays until it is joined, or detached. */
void detector_thread_end(struct detector *det, struct thread *thread);
/* pthread_create failed after detector_thread_create. */
void detector_thread_abandon(struct detector *det, struct thread *thread);
thread_id detector_thread_id(const struct thread *thread);
/* Whether the last object that it destroyed or initialised was this one, in use, and a finding says so. By the thread itself. */
bool detector_thread_misused(const struct thread *thread, uintptr_t object);
stack_id detector_thread_created_at(const struct thread *thread);
thread_id detector_thread_creator(const struct thread *thread); /* THREAD_NONE: unknown */
/* Created detached: counts neither as leaked nor as waiting to be joined. */
void detector_thread_set_detached(struct detector *det, struct thread *thread);

/* --- events ----------------------------------------------------------------------------------- */

/* `sp` is the program's stack pointer at the call (0: unknown): locks below it on this thread's own
 * stack are gone. */
void detector_feed(struct detector *det, struct thread *thread, const struct event *event,
                   uintptr_t sp);

/* What an EVENT_ACQUIRE or EVENT_RELEASE says besides the address; small enough for a register. */
struct lock_call {
    uint8_t kind;   /* enum object_kind */
    uint8_t mode;   /* enum lock_mode */
    uint16_t flags; /* EVF_TIMED, EVF_TRY */
};

/* The part of detector_feed() that hot paths try first, for mutexes, read-write and spin locks: true if the
 * object is known, the event ordinary, and all done. False: nothing has happened. Lock-free. */
bool detector_acquire_fast(struct detector *det, struct thread *thread, struct lock_call call,
                           uintptr_t addr, stack_id stack, uintptr_t sp);
bool detector_release_fast(struct detector *det, struct thread *thread, enum object_kind kind,
                           uintptr_t addr, uintptr_t sp);

/* Whether `addr` has a live record of that kind: if not, the interceptor inspects the object's bytes
 * and sends EVENT_FIRST_USE before the real call. Lock-free. */
bool detector_knows(struct detector *det, struct thread *thread, enum object_kind kind,
                    uintptr_t addr);
/* Whether a synchronisation object may lie in the range: a quick filter for free(). Lock-free, never
 * wrong in saying no. */
bool detector_may_hold_objects(struct detector *det, uintptr_t addr, size_t size);
/* Whether this very thread holds the lock. Lock-free. */
bool detector_holds(struct detector *det, struct thread *thread, uintptr_t addr);

/* --- a process that can never go on ----------------------------------------------------------- */

/* Cheap to poll from another process that shares this memory (runtime/monitor.h). */
struct detector_pulse {
    uint32_t alive;    /* threads that have started and not ended */
    uint32_t waiting;  /* of those: in a wait that only another thread of this process can end */
    uint32_t spinning; /* of those: without sleeping (spin locks) */
    uint32_t sequence; /* changes with every begin and end of a wait, start and end of a thread */
};
struct detector_pulse detector_pulse(const struct detector *det);
/* All threads wait and the caller has made sure that nothing moves: reports a `hang`, unless every
 * waiting thread is explained by a deadlock already reported. Returns whether any finding stands for
 * this state (deadlock or hang). Takes the lock: threads must be blocked outside the detector. */
bool detector_report_stuck(struct detector *det);
/* These signals have handlers, as EVENT_HANDLED says; for a caller that is no thread of the process. */
void detector_handled(struct detector *det, uint64_t signals);

/* --- ends ------------------------------------------------------------------------------------- */

/* In the child of a fork: only `self` is alive. Locks of the detector are reset. */
void detector_forked(struct detector *det, struct thread *self);
/* fork: nobody is inside while the address space is copied. */
void detector_freeze(struct detector *det);
void detector_thaw(struct detector *det);

struct detector_stats detector_stats(struct detector *det);
struct detector_losses detector_losses(struct detector *det);
/* Calls visit(ctx, number, count) for each finding that occurred more than once. */
void detector_counts(struct detector *det,
                     void (*visit)(void *ctx, uint32_t finding_number, uint64_t count), void *ctx);
/* Tests and debug builds. */
bool detector_is_valid(struct detector *det);

#endif
