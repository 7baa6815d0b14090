/* SPDX-License-Identifier: MIT */
/* A thread of the program, as the analysis knows it.
 *
 * The record is made by the creator and lives until the thread has ended and was joined or detached (a
 * thread nobody joins keeps it: thread-leak). Records are type-stable: a stale pointer to one leads to
 * some thread's record, whose `id` tells. What only a running thread needs (caches) goes at its end.
 *
 * Fields above the line are changed by the thread itself without a lock; those below it under the
 * analysis lock. */
#ifndef DETECT_ANALYSIS_THREAD_H
#define DETECT_ANALYSIS_THREAD_H

#include "analysis/held.h"
#include "analysis/lockgraph.h"
#include "analysis/race_thread.h"
#include "analysis/vclock.h"
#include "base/hash.h"

struct detector;

/* Why the next event of the thread must take the slow path. */
enum attention {
    ATTENTION_WAIT = 1 << 0,    /* a wait is open */
    ATTENTION_HANDLER = 1 << 1, /* in a signal handler */
    ATTENTION_HELD = 1 << 2,    /* another thread took something out of what this one holds */
    ATTENTION_CALL = 1 << 3,    /* `reported` or `first_used` is set */
    ATTENTION_FORGET = 1 << 4,  /* its cache of steps in the acquisition tree is out of date */
    ATTENTION_FULL = 1 << 5,    /* mode full: locks order as well. Nothing slow by itself */
};

enum wait_reason { WAIT_NONE, WAIT_LOCK, WAIT_COND, WAIT_BARRIER, WAIT_JOIN };

/* What a thread waits for. */
struct wait {
    uint8_t reason; /* enum wait_reason */
    uint8_t mode;   /* WAIT_LOCK: enum lock_mode */
    bool timed;     /* ends by itself */
    bool woken;     /* WAIT_COND: somebody woke it for certain */
    bool shared;    /* another process may end it */
    bool spinning;  /* does not sleep meanwhile */
    bool counted;   /* in detector.waiting */
    bool deadlocked; /* a finding says that it never ends */
    bool known;     /* WAIT_COND: what the thread did until now is known to another one (detector_cond.c) */
    struct object *object; /* NULL for a join */
    lock_uid uid;          /* the object's at the begin of the wait */
    struct object *mutex;  /* WAIT_COND: is taken again before the wait returns; NULL unknown */
    struct thread *target; /* WAIT_JOIN */
    thread_id target_id;
    stack_id stack;
};

#define HANDLER_DEPTH 6

struct handler_frame {
    int signo;
    struct wait interrupted; /* the wait during which the handler runs */
};

struct thread {
    uint32_t attention; /* enum attention; others set bits, so all changes are atomic */
    thread_id id;
    uintptr_t stack_watch; /* the lowest address of an object on this thread's stack. Whoever sees the
                              object first sets it, under the analysis lock */
    uint64_t exposed;      /* signals with a handler that may arrive now; 0 inside handlers */
    struct object_cache objects;
    struct held_list held;
    lock_uid released; /* the last lock that it gave up */
    struct vc_clock clock;
    struct lg_cache lg;
    uintptr_t stack_low, stack_high;
    uint64_t mask; /* blocked signals */
    uint32_t handler_depth;
    struct handler_frame handlers[HANDLER_DEPTH];
    struct vc_clock hb;    /* mode full (hb.h): valid if has_hb */
    bool hb_used;          /* something was recorded in this epoch, or learnt since the last one */
    uint32_t *tag_words;   /* RACE_TAG_WORDS, where translated code finds the thread's tag; NULL: it does not run yet */
    uint32_t barrier_cycle; /* of the barrier that it is in */
    struct vc_time cycle, hb_cycle; /* all that entered it, once it is complete; set by the last one */
    uintptr_t reported; /* object of a finding of this call: what follows from it is no second one */
    uintptr_t misused;  /* object that it has destroyed or initialised, and a finding says that others used it */
    stack_id left_at;   /* where it called pthread_exit; STACK_NONE: it did not */
    bool first_used;    /* the last event was FIRST_USE: the next one is of the same call */
    struct race_thread race;
    /* ------------------------------------------------------------------ */
    struct wait wait;
    struct thread *wait_next, *wait_prev; /* in detector.waiters */
    struct thread *next, *prev;           /* in detector.threads */
    struct hash_node by_id;
    thread_id creator;
    stack_id created_at;
    bool has_clock, has_hb, started, ended, detached, joined;
    bool interruptible; /* counted in detector.interruptible */
    struct vc_time end, hb_end; /* what it did before it ended */
    /* search in the wait-for graph */
    uint64_t seen_by;
    struct thread *found_from, *search_next;
};

static inline void thread_attend(struct thread *thread, enum attention why)
{
    fetch_or_relaxed(&thread->attention, (uint32_t)why);
}

static inline void thread_unattend(struct thread *thread, enum attention why)
{
    fetch_and_relaxed(&thread->attention, ~(uint32_t)why);
}

static inline void thread_report(struct thread *thread, uintptr_t object)
{
    thread->reported = object;
    thread_attend(thread, ATTENTION_CALL);
}

/* All under the analysis lock. */
struct thread *thread_find(struct detector *det, thread_id id); /* NULL: no record any more */
void thread_joined(struct detector *det, struct thread *joiner, struct thread *target);
void thread_detached(struct detector *det, struct thread *target);
/* Counts the thread's interruptibility anew; whether any thread is may have changed. */
void thread_count_interruptible(struct detector *det, struct thread *thread);
/* Drops from the held list what is not held any more. The thread itself only. */
void thread_refresh_held(struct thread *thread);
/* Takes the records of all other threads away: they are not in this process. */
void threads_forked(struct detector *det, struct thread *self);
bool threads_are_valid(struct detector *det);

#endif
