/* SPDX-License-Identifier: MIT */
/* The detector in this process: one instance of the analysis, its options and its report file; and the
 * one way in which interceptors send events. */
#ifndef DETECT_RUNTIME_RUNTIME_H
#define DETECT_RUNTIME_RUNTIME_H

#include "report/writer.h"
#include "runtime/self.h"
#include "runtime/unwind.h"

struct runtime {
    bool on;         /* false before init, when switched off, after a fatal shortage */
    bool threaded;   /* a second thread has ever been created: the order through descriptors etc. is
                        not needed before */
    bool under_run;  /* started by `detect run` */
    pid_t pid;       /* differs from getpid() only in the child of a vfork */
    uint64_t handled_signals; /* signals with a handler of the program's, bit signo-1 */
    struct options options;
    struct arena arena;
    struct stackdepot *depot;
    struct detector *detector;
    struct report_writer writer;
};

extern struct runtime runtime;

/* --- events ---------------------------------------------------------------------------------------- */

/* Sends an event; fills in the stack of the site if `with_stack`. The hot paths pass false where the
 * analysis only needs a stack for a report (it then asks, and gets the site's through `self`). */
static inline void emit(struct self *self, const struct call_site *site, struct event *event,
                        bool with_stack)
{
    if (with_stack)
        event->stack = unwind_stack(self, site);
    detector_feed(runtime.detector, self->thread, event, site->sp);
}

/* --- life -------------------------------------------------------------------------------------------- */

/* A limit for the report: `code` is a short constant name ("static-child"), `text` one plain sentence.
 * The same code and text again only counts. Callable from anywhere inside the detector. */
void runtime_limit(const char *code, const char *text);
/* Everything that is only known at the end: counts, limits, statistics, ENDED. May be called more than
 * once (exec that fails, then exit); async-signal-safe. */
void runtime_flush(const char *reason, int status);
/* The process is stuck for good and `on-deadlock` says kill or stop (called from the monitor). */
void runtime_end_stuck(void);

/* atfork handlers, installed by init before any of the program's: prepare runs last. */
void runtime_fork_prepare(void);
void runtime_fork_parent(void);
void runtime_fork_child(void);

/* --- threads (runtime/threads.c) ------------------------------------------------------------------------ */

/* What a new thread needs; passed from pthread_create's interceptor to the thread itself. */
struct thread *threads_find(uintptr_t handle);             /* by pthread_t; NULL unknown */
void threads_add(uintptr_t handle, struct thread *thread); /* when it has started, or was created */
void threads_remove(uintptr_t handle);                     /* joined, or detached and ended */
/* Called by the thread: makes `self` current for a thread that was created through our interceptor. */
struct self *self_start(struct thread *thread);
/* The thread's end, from the last TSD destructor or the trampoline: tells the analysis, frees `self`. */
void self_end(struct self *self);
/* pthread_setname_np, prctl(PR_SET_NAME): the name goes to the report. */
void threads_set_name(struct thread *thread, const char *name);

#endif
