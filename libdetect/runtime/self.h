/* SPDX-License-Identifier: MIT */
/* This thread's state, and the gate between the program's code and the detector's.
 *
 * Every interceptor runs between self_enter() and self_leave(). The in-process rules, which hold
 * everywhere between the two (rr's syscallbuf.c publishes its own the same way):
 *  - no stdio, no malloc of the program's, no exit, no function that we interpose (use REAL());
 *  - errno is as it was found (self_enter saves nothing: the fast paths do not touch errno; slow paths
 *    that call libc save and restore it);
 *  - signals that arrive are queued (runtime/signals.h) and delivered by self_leave();
 *  - no deep frames: a thread's stack may be 16 KiB. Stack walks and symbol look-ups run on the
 *    detector's own stack (runtime/unwind.h).
 *
 * Around a real call that may block or that calls back into the program: self_block() before,
 * self_unblock() after; handlers then run at once and the program's code is watched as usual. Such
 * interceptors are compiled with -fexceptions and undo their part in a cleanup function, because
 * cancellation unwinds through them. */
#ifndef DETECT_RUNTIME_SELF_H
#define DETECT_RUNTIME_SELF_H

#include <sys/types.h>

#include "analysis/detector.h"
#include "base/atomic.h"
#include "base/compiler.h"

struct unwind_cache;
struct signal_queue;
struct thread_info;
struct call_site;

struct self {
    struct thread *thread; /* the analysis's record */
    int depth;             /* > 0: the detector works, signals are queued */
    union {
        struct {
            bool gone;         /* past the end: late destructors run unwatched */
            bool ignored;      /* inside a lock that the program annotates (intercept/annotations.c) */
            bool async_cancel; /* the program has asynchronous cancellation on (signals.h, thread.c) */
            bool pending;      /* the signal queue is not empty */
        };
        uint32_t unusual; /* all of them in one look */
    };
    bool walking;          /* inside libunwind */
    uint8_t end_rounds;    /* rounds of thread-specific destructors seen at the thread's end */
    uint16_t in_handler;   /* nesting of the program's signal handlers */
    pid_t tid;
    uint32_t races_ignored; /* > 0: an allocator works, its accesses are not looked at (races.h) */
    const void *interrupted; /* ucontext_t of translated code that the detector has been called from; NULL */
    const struct call_site *site; /* of the event under way: for the analysis's own stack requests */
    uintptr_t stack_low, stack_high; /* of the program's stack; 0 unknown */
    struct unwind_cache *unwind;     /* made at first use */
    struct signal_queue *signals;    /* made at first use */
    struct thread_info *info;        /* runtime/threads.c */
    uint64_t signal_mask;            /* as the program set it */
    uintptr_t start_sp;              /* where the start routine was called: its canonical frame address; 0 unknown */
};

_Static_assert(sizeof(struct self) <= 128, "two cache lines");

/* 8 bytes of initial-exec TLS, and 4 in debug builds (limit: 512, see the design's section 3). After the
 * thread's end, or without memory for it, this is a dummy with `gone` set. */
extern __thread struct self *self_current __attribute__((tls_model("initial-exec")));

/* Makes this thread's state: the main thread, or one that did not come through our pthread_create.
 * NULL before the library is initialised, when it is off, or out of memory. */
COLD struct self *self_adopt(void);
/* Before the program's function, in a thread that libc has made because the program asked for it (SIGEV_THREAD). */
COLD void self_adopt_on_request(void);
/* In the function that calls a thread's start routine, right before it does. */
#if defined(__x86_64__)
#define SELF_STARTS()                                                                              \
    do {                                                                                           \
        uintptr_t starts_sp_;                                                                      \
        __asm__ volatile("mov %%rsp, %0" : "=r"(starts_sp_));                                      \
        if (self_current && !self_current->gone)                                                   \
            self_current->start_sp = starts_sp_;                                                   \
    } while (0)
#else
#define SELF_STARTS() ((void)0)
#endif
/* For a thread's very end: whoever asks from now on gets "gone". */
void self_leave_for_good(void);
/* Frees the state of a thread that no longer exists (the child of a fork). */
void self_discard(struct self *self);
/* At init: the TSD key that sees threads end. */
void self_init(void);
/* Delivers queued signals and restores asynchronous cancellation. */
COLD void self_leave_slow(struct self *self);
/* Asynchronous cancellation is on: switch to deferred while the detector works. */
COLD void self_enter_async(struct self *self);
/* self_enter() while one of the unusual things is the case. */
COLD struct self *self_enter_slow(struct self *self);

/* NULL: only do the real call. Re-entry (the detector's own call into libc came back) gives NULL too. */
static inline struct self *self_enter(void)
{
    struct self *self = self_current;
    if (UNLIKELY(!self)) {
        self = self_adopt();
        if (!self)
            return NULL;
    }
    if (UNLIKELY(((uint32_t)self->depth | self->unusual) != 0))
        return self_enter_slow(self);
    self->depth = 1;
    compiler_barrier();
    return self;
}

static inline void self_leave(struct self *self)
{
    compiler_barrier();
    self->depth = 0;
    compiler_barrier();
    if (UNLIKELY(self->pending || self->async_cancel))
        self_leave_slow(self);
}

/* libunwind blocks all signals around each of its locks. Nothing can interrupt a walk (signals are queued), so
 * its calls of sigprocmask need not be made: they are most of what a walk costs. */
static inline bool self_needs_no_mask(void)
{
    const struct self *self = self_current;
    return self && self->walking && self->depth > 0;
}

static inline void self_block(struct self *self) { self_leave(self); }
static inline void self_unblock(struct self *self)
{
    self->depth = 1;
    compiler_barrier();
    if (UNLIKELY(self->async_cancel))
        self_enter_async(self);
}

#endif
