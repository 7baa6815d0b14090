/* SPDX-License-Identifier: MIT */
/* The process's own life: main's return, the exits, copies of it.
 *
 * EVENT_PROCESS_EXIT is sent once, before any atexit handler runs: by exit, by the return from main (which glibc makes
 * without calling an exported exit, hence the wrapper around main), or by _exit. The report is completed at the
 * very end by the runtime's destructor, or here where no destructor will run. In the child of a vfork nothing
 * of this is done: what ends there is not the process that the report is about. */
#include "intercept/process.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "intercept/export.h"
#include "runtime/monitor.h"
#include "runtime/real.h"
#include "runtime/takeover.h"

/* --- ends ----------------------------------------------------------------------------------------------------- */

/* The process that has told of its end; its forked children tell of their own. */
static pid_t told_by;

static void tell_exit(int status, const struct call_site *site)
{
    struct self *self = self_enter();
    if (!self)
        return;
    if (exchange_acq_rel(&told_by, runtime.pid) != runtime.pid) {
        struct event event = {.type = EVENT_PROCESS_EXIT, .value = (uint64_t)(uint32_t)status};
        emit(self, site, &event, true);
    }
    self_leave(self);
}

/* The status that the process shall have instead (exit-code, preloaded by hand). */
static int exits(int status, const struct call_site *site)
{
    if (!runtime.on || sys_getpid() != runtime.pid)
        return status;
    tell_exit(status, site);
    return runtime_exiting(status);
}

int process_ends(int status, const struct call_site *site)
{
    if (!runtime.on || sys_getpid() != runtime.pid)
        return status;
    tell_exit(status, site);
    struct self *self = self_enter();
    if (!self)
        return status;
    runtime_flush("exit", status);
    self_leave(self);
    return runtime_exiting(status);
}

INTERCEPT(_Noreturn void, exit, (int status))
{
    struct call_site site = CALL_SITE();
    REAL(exit)(exits(status, &site));
    __builtin_unreachable();
}

INTERCEPT(_Noreturn void, _exit, (int status))
{
    struct call_site site = CALL_SITE();
    REAL(_exit)(process_ends(status, &site));
    __builtin_unreachable();
}

INTERCEPT(_Noreturn void, _Exit, (int status))
{
    struct call_site site = CALL_SITE();
    REAL(_exit)(process_ends(status, &site));
    __builtin_unreachable();
}

/* Its handlers run after this, and then nothing of ours. */
INTERCEPT(_Noreturn void, quick_exit, (int status))
{
    struct call_site site = CALL_SITE();
    REAL(quick_exit)(process_ends(status, &site));
    __builtin_unreachable();
}

/* A handler of SIGABRT may jump out: the report is completed, but no end is told. */
INTERCEPT(_Noreturn void, abort, (void))
{
    struct self *self = runtime.on && sys_getpid() == runtime.pid ? self_enter() : NULL;
    if (self) {
        runtime_flush("abort", 128 + SIGABRT);
        self_leave(self);
    }
    REAL(abort)();
    __builtin_unreachable();
}

/* --- main ------------------------------------------------------------------------------------------------------- */

static int (*program_main)(int, char **, char **);

static int watched_main(int argc, char **argv, char **envp)
{
    struct call_site site = CALL_SITE();
    SELF_STARTS();
    int status = program_main(argc, argv, envp);
    return exits(status, &site);
}

INTERCEPT(int, __libc_start_main, (int (*main)(int, char **, char **), int argc, char **argv,
                                   void (*init)(void), void (*fini)(void),
                                   void (*rtld_fini)(void), void *stack_end))
{
    program_main = main;
    takeover_at_main();
    return REAL(__libc_start_main)(watched_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* --- copies -------------------------------------------------------------------------------------------------------- */

/* Around a copy that runs no atfork handlers: those of the runtime run all the same. */
static void after_copy(bool child)
{
    int saved = errno;
    if (child)
        runtime_fork_child();
    else
        runtime_fork_parent();
    errno = saved;
}

INTERCEPT(pid_t, _Fork, (void))
{
    if (!runtime.on || sys_getpid() != runtime.pid)
        return REAL(_Fork)();
    runtime_fork_prepare();
    pid_t pid = REAL(_Fork)();
    after_copy(pid == 0);
    return pid;
}

long process_forks(long number, const long a[6])
{
    if (!runtime.on || sys_getpid() != runtime.pid)
        return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    runtime_fork_prepare();
    long pid = REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    after_copy(pid == 0);
    return pid;
}

/* Something will run with this thread's TLS, at the same time as this thread: our state in it is of no
 * use to either any more. */
static void give_up_thread(void)
{
    struct self *self = self_enter();
    if (!self)
        return;
    runtime_limit("raw-clone", "a thread that cloned itself without a TLS of its own, and its copy, "
                               "are not watched any more");
    self->gone = true;
    self_leave(self);
}

static void leave_translation(uint64_t flags)
{
    struct self *self = self_enter();
    takeover_cloning(flags);
    if (self)
        self_leave(self);
}

static bool shares_tls(uint64_t flags)
{
    return (flags & CLONE_VM) && !(flags & (CLONE_SETTLS | CLONE_VFORK));
}

long process_clones(long number, uint64_t flags, const long a[6])
{
    if (!(flags & CLONE_VM))
        return process_forks(number, a);
    leave_translation(flags);
    if (shares_tls(flags))
        give_up_thread();
    return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

struct clone_start {
    int (*function)(void *);
    void *argument;
};

/* First code of a copied process; `start` lies in its copy of the caller's stack. */
static int start_copy(void *start)
{
    const struct clone_start *copy = start;
    after_copy(true);
    return copy->function(copy->argument);
}

EXPORT int intercepted_clone(int (*function)(void *), void *stack, int flags, void *argument,
                             pid_t *parent_tid, void *tls, pid_t *child_tid) __asm__("clone");

int intercepted_clone(int (*function)(void *), void *stack, int flags, void *argument,
                      pid_t *parent_tid, void *tls, pid_t *child_tid)
{
    leave_translation((uint64_t)(unsigned)flags);
    if (shares_tls((uint64_t)(unsigned)flags))
        give_up_thread();
    if ((flags & CLONE_VM) || !runtime.on || sys_getpid() != runtime.pid)
        return REAL(clone)(function, stack, flags, argument, parent_tid, tls, child_tid);
    struct clone_start start = {function, argument};
    runtime_fork_prepare();
    int pid = REAL(clone)(start_copy, stack, flags, &start, parent_tid, tls, child_tid);
    after_copy(false);
    return pid;
}

/* --- names, restrictions ----------------------------------------------------------------------------------------------------------- */

void process_restricts(void)
{
    struct self *self = self_enter();
    takeover_restricting();
    if (self)
        self_leave(self);
}

EXPORT int intercepted_prctl(int option, unsigned long a, unsigned long b, unsigned long c,
                             unsigned long d) __asm__("prctl");

int intercepted_prctl(int option, unsigned long a, unsigned long b, unsigned long c,
                      unsigned long d)
{
    if (takeover_restricts(option))
        process_restricts();
    int result = REAL(prctl)(option, a, b, c, d);
    if (option != PR_SET_NAME || result != 0)
        return result;
    struct self *self = self_enter();
    if (self) {
        threads_set_name(self->thread, (const char *)a);
        self_leave(self);
    }
    return result;
}

/* --- children ---------------------------------------------------------------------------------------------------------------------- */

/* The monitor's process is a child of ours that only these find. It is not needed while the caller waits for something outside,
 * and comes again when all threads wait for each other. */
static inline void hide_monitor(int options)
{
    if (UNLIKELY(options & (int)(__WALL | __WCLONE)))
        monitor_stop();
}

INTERCEPT(pid_t, waitpid, (pid_t pid, int *status, int options))
{
    hide_monitor(options);
    return REAL(waitpid)(pid, status, options);
}

INTERCEPT(pid_t, wait3, (int *status, int options, struct rusage *usage))
{
    hide_monitor(options);
    return REAL(wait3)(status, options, usage);
}

INTERCEPT(pid_t, wait4, (pid_t pid, int *status, int options, struct rusage *usage))
{
    hide_monitor(options);
    return REAL(wait4)(pid, status, options, usage);
}

INTERCEPT(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options))
{
    hide_monitor(options);
    return REAL(waitid)(type, id, info, options);
}
