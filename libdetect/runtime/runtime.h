/* SPDX-License-Identifier: MIT */
/* The detector in this process: one instance of the analysis, its options and its report file; and the
 * one way in which interceptors send events. */
#ifndef DETECT_RUNTIME_RUNTIME_H
#define DETECT_RUNTIME_RUNTIME_H

#include "report/writer.h"
#include "runtime/self.h"
#include "runtime/signals.h"
#include "runtime/unwind.h"

struct runtime {
    bool on;         /* false before init, when switched off, after a fatal shortage */
    bool threaded;   /* a second thread has ever been created: the order through descriptors etc. is
                        not needed before */
    bool under_run;  /* started by `detect run` */
    pid_t pid;       /* differs from getpid() only in the child of a vfork */
    uint64_t found, counted; /* findings; of those, how many count for the status (fail-on) */
    uint64_t handled_signals; /* signals with a handler of the program's, bit signo-1 */
    struct options options;
    char **args;     /* of the program, terminated by NULL; a copy */
    const char *program; /* path of the executable */
    const char *directory; /* absolute; where report files go */
    const char *stem;      /* by hand with `output`: what report files are called; else NULL */
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
    self->site = site;
    if (UNLIKELY(self->in_handler > 0))
        signals_check_left(self, site->sp);
    if (with_stack)
        event->stack = unwind_stack(self, site);
    detector_feed(runtime.detector, self->thread, event, site->sp);
    self->site = NULL;
}

/* Number of the OBJECT_FD that carries order from the calls that make libc start threads by itself (timers, asynchronous
 * I/O; intercept/unseen_threads.c) to each thread that appears without having been created by the program. */
#define RUNTIME_UNSEEN_THREADS ((uintptr_t)1 << 48)
/* The same from signal handlers that ran in a thread before it was known to the thread that it turned out to be. */
#define RUNTIME_EARLY_HANDLERS (RUNTIME_UNSEEN_THREADS + 1)

/* --- life -------------------------------------------------------------------------------------------- */

/* A limit for the report: `code` is a short constant name ("static-child"), `text` one plain sentence.
 * The same code and text again only counts. Callable from anywhere inside the detector. */
void runtime_limit(const char *code, const char *text);
/* The same about a file: `path`, cut at its beginning if need be, and what is the matter with it. */
void runtime_path_limit(const char *code, const char *path, const char *why);
/* Everything that is only known at the end: counts, limits, statistics, ENDED. May be called more than
 * once (exec that fails, then exit); async-signal-safe. */
void runtime_flush(const char *reason, int status);
/* Called where a thread is about to wait, with no lock held: now and then writes what runtime_flush would,
 * for a process that dies of a signal says nothing at its end. A few nanoseconds otherwise. */
void runtime_account(void);
/* Opens this process's report file and writes its first record. False: there is none (said on stderr). */
bool runtime_open_report(void);
/* `text` with each %p replaced by the process id. False: too long. */
bool runtime_expand(char *to, size_t size, const char *text);
/* One line on the program's standard error, if that is still what it was at the start. */
void runtime_say(const char *const *words, size_t count);
/* Many programs close it in an atexit handler, before our last line: from here on a duplicate is used. */
void runtime_keep_standard_error(void);
#define RUNTIME_SAY(...)                                                                           \
    runtime_say((const char *const[]){__VA_ARGS__}, ARRAY_LEN(((const char *const[]){__VA_ARGS__})))
/* The process is about to end with `status`: returns the one that it shall have, `exit-code` when preloaded by
 * hand with that option given and something was found that counts. */
int runtime_exiting(int status);
/* The process is stuck for good and `on-deadlock` says kill or stop (called from the monitor). */
void runtime_end_stuck(void);

/* atfork handlers, installed by init before any of the program's: prepare runs last. Called by hand around
 * what makes a copy of the process without running atfork handlers (_Fork, clone). */
void runtime_fork_prepare(void);
void runtime_fork_parent(void);
void runtime_fork_child(void);
/* The interceptors' table of descriptors (RANK_FD), which must be consistent and unlocked in the child. Set once,
 * before a second thread exists. */
struct fork_part {
    void (*lock)(void), (*unlock)(void);
};
extern struct fork_part runtime_fork_part;
/* What the interceptors know of threads: called in the child, where only the caller is left. Set once. */
extern void (*runtime_fork_threads)(void);

/* --- threads (runtime/threads.c) ------------------------------------------------------------------------ */

struct thread *threads_find(uintptr_t handle);             /* by pthread_t; NULL unknown */
void threads_add(uintptr_t handle, struct thread *thread); /* when it has started, or was created */
void threads_remove(uintptr_t handle);                     /* joined, or detached and ended */
/* Called by the thread: makes `self` current for a thread that was created through our interceptor. */
struct self *self_start(struct thread *thread);
/* The thread's end, from the last round of TSD destructors: tells the analysis, frees `self`. */
void self_end(struct self *self);
/* The start routine has returned or was unwound; ends `self` if no TSD key could be had at init. */
void self_returned(void);
/* pthread_setname_np, prctl(PR_SET_NAME): the name goes to the report. */
void threads_set_name(struct thread *thread, const char *name);


/* --- for the report (any rank up to RANK_NAMES) ------------------------------------------------------------- */

/* Writes the RECORD_THREAD of a thread that a finding is about to name, if it is not there yet. */
void threads_describe(thread_id thread);
/* The living thread on whose stack the address lies. */
thread_id threads_stack_owner(uintptr_t addr);
/* The first living thread that `look` is true for: with its state, and its thread pointer. It cannot end meanwhile; RANK_NAMES
 * is held. */
thread_id threads_search(bool (*look)(void *ctx, thread_id id, const struct self *self, uintptr_t pointer), void *ctx);
/* The running thread's own entry, at its start and end (self.c). */
struct thread_info *threads_started(struct self *self);
void threads_ended(struct self *self);
/* Child of a fork: `self` is the only thread; records are written again to the new file. */
void threads_fork_child(struct self *self);
void threads_init(void);
/* For runtime/fork.c, which takes all locks in the order of their ranks. */
struct spin *threads_handles_lock(void);
struct spin *threads_names_lock(void);
struct spin *limits_lock(void);

/* Limits (runtime/limits.c): all again with their counts, and the run's figures. */
void limits_write(void);
/* Child of a fork: the limits so far go to the new file, the figures begin at zero. */
void limits_forked(void);
void limits_rewrite(void);

#endif
