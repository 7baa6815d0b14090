/* SPDX-License-Identifier: MIT */
/* The vocabulary between what watches the program (intercept/, later translate/) and what judges it
 * (analysis/). An interceptor turns each call into one or two events; the analysis knows nothing else
 * about the program. Event scripts of the unit tests (tests/events) speak the same words.
 *
 * Rules of order, which the exactness of the wait-for graph rests on:
 *  - ACQUIRE is sent after the real lock was obtained, RELEASE before it is given up: an owner that the
 *    analysis knows really owns.
 *  - REQUEST is sent before a thread may block; it ends by ACQUIRE or by GIVE_UP of the same thread.
 *  - SIGNAL, BROADCAST, POST, ORDER_RELEASE are sent before the real call, ORDER_ACQUIRE after it.
 *  - DESTROY, INIT are sent before the real call. */
#ifndef DETECT_EVENT_EVENT_H
#define DETECT_EVENT_EVENT_H

#include "base/compiler.h"

/* A call stack in the depot (analysis/stackdepot.h). */
typedef uint32_t stack_id;
#define STACK_NONE 0u

/* A thread's number in the report: 1 is the main thread, never reused within a process. */
typedef uint32_t thread_id;
#define THREAD_NONE 0u

enum object_kind {
    OBJECT_NONE,
    OBJECT_MUTEX, /* pthread_mutex_t */
    OBJECT_MTX,   /* C11 mtx_t: as a mutex, but has no static initialiser */
    OBJECT_RWLOCK,
    OBJECT_SPIN,
    OBJECT_COND, /* pthread_cond_t and cnd_t */
    OBJECT_SEM,
    OBJECT_BARRIER,
    OBJECT_ONCE,   /* once control: owned by the thread that runs the routine */
    OBJECT_THREAD, /* as the target of a join; `addr` is the pthread_t */
    /* Only carriers of order; any number serves as their address: */
    OBJECT_FD,
    OBJECT_FUTEX,
    OBJECT_SIGNAL,
    OBJECT_USER, /* annotations, and what has no kind of its own */
    OBJECT_KINDS,
    OBJECT_MEMORY = OBJECT_KINDS, /* what a race is about; only in findings, never in events */
};

enum lock_mode { MODE_EXCLUSIVE, MODE_SHARED };

enum event_type {
    /* --- life of an object ------------------------------------------------------------------- */
    EVENT_INIT,      /* value: initial count of a semaphore, number of threads of a barrier */
    EVENT_DESTROY,   /* of a condition variable or barrier, it may wait for those who use it: GIVE_UP follows */
    EVENT_FIRST_USE, /* object without a live record is about to be used; EVF_BYTES_VALID or not. After a
                      * destroy, valid bytes mean a new object for mutexes, rwlocks and condition
                      * variables only: the others have no static initialiser and keep their bytes */
    /* --- locks: mutex, mtx, rwlock, spin, semaphore, once -------------------------------------- */
    EVENT_REQUEST, /* will block; flags TIMED, SPINNING */
    EVENT_ACQUIRE, /* got it; flags TRY, TIMED, OWNER_DIED. Ends a REQUEST */
    EVENT_GIVE_UP, /* the REQUEST ended without the object: timeout, error, cancellation */
    EVENT_RELEASE, /* is about to be given up; sem_post is EVENT_POST */
    EVENT_POST,    /* sem_post */
    /* --- condition variables, barriers ---------------------------------------------------------- */
    EVENT_COND_WAIT, /* addr2: the mutex, which the call releases. flags TIMED */
    EVENT_COND_WAKE, /* returned or cancelled, the mutex is held again. flags TIMED_OUT */
    EVENT_SIGNAL,
    EVENT_BROADCAST,
    EVENT_BARRIER_ENTER,
    EVENT_BARRIER_LEAVE,
    /* --- threads --------------------------------------------------------------------------------- */
    EVENT_JOIN_REQUEST, /* value: thread_id of the target; flags TIMED */
    EVENT_JOINED,       /* value: thread_id of the target, which has ended */
    EVENT_DETACH,       /* value: thread_id */
    /* --- order without a lock --------------------------------------------------------------------- */
    EVENT_ORDER_RELEASE, /* what this thread did so far happens before … */
    EVENT_ORDER_ACQUIRE, /* … what a thread does after this on the same object and address */
    /* --- memory ------------------------------------------------------------------------------------ */
    EVENT_RANGE_GONE, /* addr, value: size; flags FREE, UNMAP or STACK say how */
    /* --- signals ------------------------------------------------------------------------------------ */
    EVENT_HANDLER_ENTER, /* value: signal number */
    EVENT_HANDLER_LEAVE, /* value: signal number (also when the handler is left by longjmp) */
    EVENT_SIGNAL_MASK,   /* value: mask of blocked signals of this thread, bit signo-1 */
    EVENT_HANDLED,       /* value: mask of signals that have a handler of the program's */
    /* --- errors and ends --------------------------------------------------------------------------- */
    EVENT_INVALID,        /* a call with an invalid argument; value: enum invalid_argument */
    EVENT_ERROR_RETURNED, /* an errorcheck or try call's error; value: the errno */
    EVENT_PROCESS_EXIT,   /* by exit(3), return from main or _exit, before anything of it */
    EVENT_TYPES
};

enum event_flag {
    EVF_TIMED = 1 << 0,       /* the wait ends by itself */
    EVF_TRY = 1 << 1,         /* the call never waits */
    EVF_SPINNING = 1 << 2,    /* waits without sleeping */
    EVF_TIMED_OUT = 1 << 3,
    EVF_OWNER_DIED = 1 << 4,  /* robust: EOWNERDEAD */
    EVF_BYTES_VALID = 1 << 5, /* the object's bytes match a static initialiser */
    EVF_SHARED = 1 << 6,      /* process-shared or named: others can act on it */
    EVF_RECURSIVE = 1 << 7,
    EVF_ERRORCHECK = 1 << 8,  /* the caller is told of its mistakes */
    EVF_ROBUST = 1 << 9,
    EVF_WRITER_FIRST = 1 << 10, /* rwlock of kind PREFER_WRITER_NONRECURSIVE */
    EVF_FREE = 1 << 11,
    EVF_UNMAP = 1 << 12,
    EVF_STACK = 1 << 13,
    EVF_NO_ORDER = 1 << 14, /* barrier left without having waited, wait that failed */
    EVF_C11 = 1 << 15,      /* by a C11 function: mtx_, cnd_, thrd_ */
    EVF_CANCELLED = 1 << 16,
    /* The library refuses the call and nothing changes (RELEASE: EPERM, the owner stays; DESTROY: EBUSY,
     * the object lives on; COND_WAKE: EPERM, the mutex was neither released nor taken): the mistake is
     * reported, the books stay. */
    EVF_REFUSED = 1 << 17,
};

/* What EVENT_INVALID complains of. */
enum invalid_argument {
    INVALID_TIME,          /* tv_nsec outside 0..999999999 (value2: the tv_nsec) */
    INVALID_BARRIER_COUNT, /* zero */
    INVALID_SEM_VALUE,     /* above SEM_VALUE_MAX */
    INVALID_SEM_OVERFLOW,  /* sem_post at SEM_VALUE_MAX */
    INVALID_CLOCK,
    INVALID_JOIN_SELF,
    INVALID_JOIN_DETACHED,
    INVALID_JOIN_TWICE, /* a thread that was joined already */
    INVALID_DETACH_TWICE,
    INVALID_THREAD, /* a pthread_t that names no thread */
    INVALID_MUTEX_KIND,
    INVALID_NOT_RECOVERABLE, /* robust mutex unlocked without pthread_mutex_consistent, then used */
    INVALID_CONSISTENT,      /* pthread_mutex_consistent on one that is not inconsistent */
    INVALID_OTHER,
};

struct event {
    uint8_t type;   /* enum event_type */
    uint8_t object; /* enum object_kind */
    uint8_t mode;   /* enum lock_mode */
    uint32_t flags; /* enum event_flag */
    uintptr_t addr;
    uintptr_t addr2;
    uint64_t value;
    uint64_t value2;
    stack_id stack; /* STACK_NONE: the analysis asks its environment if it needs one */
};

#endif
