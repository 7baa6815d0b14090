/* SPDX-License-Identifier: MIT */
/* fork: nobody is inside the detector while the address space is copied, and the child is a process of
 * its own: one thread, unlocked locks, its own report file.
 *
 * Our atfork handlers are registered before all of the program's: prepare runs last, parent and child run first.
 * Between prepare and the others this thread holds every lock of the detector, with signals queued. */
#include "base/sys.h"
#include "runtime/modules.h"
#include "runtime/monitor.h"
#include "runtime/races.h"
#include "runtime/runtime.h"
#include "runtime/takeover.h"
#include "runtime/work_stack.h"

/* Of the thread that forks; valid while it holds the locks. */
static struct {
    bool frozen;
    int depth;
} forking;

struct fork_part runtime_fork_part;
void (*runtime_fork_threads)(void);

static void lock_part(void)
{
    if (runtime_fork_part.lock)
        runtime_fork_part.lock();
}

static void unlock_part(void)
{
    if (runtime_fork_part.unlock)
        runtime_fork_part.unlock();
}

void runtime_fork_prepare(void)
{
    struct self *self = self_current ? self_current : self_adopt();
    if (!runtime.on || !self || self->gone)
        return;
    int depth = self->depth;
    self->depth = 1;
    spin_lock(threads_handles_lock());
    forking.depth = depth;
    forking.frozen = true;
    takeover_fork_prepare();
    lock_part();
    detector_freeze(runtime.detector);
    unwind_freeze();
    spin_lock(threads_names_lock());
    races_fork_prepare();
    spin_lock(modules_lock());
    spin_lock(limits_lock());
    spin_lock(&runtime.writer.lock);
    spin_lock(&runtime.arena.lock);
}

static void leave(struct self *self)
{
    self->depth = forking.depth;
    forking.frozen = false;
}

void runtime_fork_parent(void)
{
    struct self *self = self_current;
    if (!self || !forking.frozen)
        return;
    spin_unlock(&runtime.arena.lock);
    spin_unlock(&runtime.writer.lock);
    spin_unlock(limits_lock());
    spin_unlock(modules_lock());
    races_fork_parent();
    spin_unlock(threads_names_lock());
    unwind_thaw();
    unlock_part();
    takeover_fork_parent();
    detector_thaw(runtime.detector);
    leave(self);
    spin_unlock(threads_handles_lock());
    if (self->depth == 0)
        self_leave(self);
}

static void forget_parent(struct self *self)
{
    runtime.pid = sys_getpid();
    self->tid = sys_gettid();
    spin_reset(&runtime.arena.lock);
    spin_reset(limits_lock());
    spin_reset(modules_lock());
    races_fork_child();
    depot_reset_locks(runtime.depot);
    unwind_thaw();
    unlock_part();
    takeover_fork_child();
    if (runtime_fork_threads)
        runtime_fork_threads();
    work_stack_forked();
    monitor_forked();
    signals_forked();
    report_forget(&runtime.writer);
    runtime.found = runtime.counted = 0;
}

/* The order of the resets is free: there is one thread. */
void runtime_fork_child(void)
{
    struct self *self = self_current;
    if (!self || !forking.frozen)
        return;
    forget_parent(self);
    threads_fork_child(self);
    leave(self);
    if (!runtime.options.children || !runtime_open_report()) {
        runtime.on = false;
        self_leave_for_good();
        return;
    }
    self->depth = 1;
    modules_forked();
    detector_forked(runtime.detector, self->thread); /* unlocks it */
    limits_forked();
    self->depth = forking.depth;
    if (self->depth == 0)
        self_leave(self);
}
