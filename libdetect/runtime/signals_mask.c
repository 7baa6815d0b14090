/* SPDX-License-Identifier: MIT */
/* SIGSEGV's bit of the signal mask in a translated program: kept here, never in the kernel; see signals.h. And the one
 * signal that this keeps from the kernel's own queues: a SIGSEGV that somebody sends while it is blocked. */
#include <sys/syscall.h>

#include "base/sys.h"
#include "runtime/real.h"
#include "runtime/signals_inner.h"

#define KEPT (1ull << (SIGSEGV - 1))

/* Sent to the process, not to a thread: taken by whoever unblocks it or waits for it first. */
static struct {
    uint32_t there; /* 0 no, 1 being written, 2 yes */
    struct queued info;
} process_pending;

/* The thread that waits for SIGSEGV (sigwait); 0. */
static pid_t waiting;

/* --- the mask ------------------------------------------------------------------------------------------------------ */

/* In the child of a vfork, which runs with its parent's memory: what the child blocks is its own. */
static struct signal_thread *vfork_child(void)
{
    struct signal_thread *thread = signals_local.thread;
    pid_t pid = sys_getpid();
    if (LIKELY(pid == runtime.pid) || !thread)
        return NULL;
    if (thread->child != pid) {
        thread->child = pid;
        thread->child_blocks = signals_local.blocks;
    }
    return thread;
}

uint64_t signals_blocked_kept(void)
{
    if (!signals_translated)
        return 0;
    const struct signal_thread *thread = signals_local.thread;
    bool blocks = signals_local.blocks;
    if (UNLIKELY(thread && thread->child) && vfork_child())
        blocks = thread->child_blocks;
    return blocks ? KEPT : 0;
}

void signals_block_kept(uint64_t mask)
{
    bool blocks = mask & KEPT;
    if (!signals_translated || blocks == (signals_blocked_kept() != 0))
        return;
    struct signal_thread *child = vfork_child();
    if (child) {
        child->child_blocks = blocks;
        return;
    }
    siginfo_t info;
    signals_local.blocks = blocks;
    if (!blocks && signals_take_pending(KEPT, &info))
        signals_send_again(&info);
}

/* --- pending --------------------------------------------------------------------------------------------------------- */

/* Another thread's signal cannot be sent on as it is (rt_tgsigqueueinfo refuses codes of the kernel's): this one says that
 * there is one, and is nothing else. */
#define WAKE_CODE (-0x5745)

bool signals_is_wake(const siginfo_t *info) { return info->si_code == WAKE_CODE; }

static void wake_waiter(void)
{
    siginfo_t info = {.si_signo = SIGSEGV, .si_code = WAKE_CODE};
    pid_t tid = load_acquire(&waiting); /* pairs with signals_wait_begin() */
    if (tid != 0)
        sys_call(SYS_rt_tgsigqueueinfo, runtime.pid, tid, SIGSEGV, (long)&info, 0, 0);
}

void signals_pend(const siginfo_t *info)
{
    struct signal_thread *thread = signals_local.thread;
    uint32_t none = 0;
    if (info->si_code == SI_TKILL && thread) {
        if (!thread->pending)
            memcpy(thread->pending_info.bytes, info, INFO_BYTES);
        thread->pending = true;
    } else if (compare_exchange_acq_rel(&process_pending.there, &none, 1)) {
        memcpy(process_pending.info.bytes, info, INFO_BYTES);
        store_release(&process_pending.there, 2); /* to signals_take_pending() */
        wake_waiter();
    }
}

uint64_t signals_pending_kept(void)
{
    const struct signal_thread *thread = signals_local.thread;
    return (thread && thread->pending) || load_relaxed(&process_pending.there) == 2 ? KEPT : 0;
}

int signals_take_pending(uint64_t mask, siginfo_t *info)
{
    struct signal_thread *thread = signals_local.thread;
    uint32_t there = 2;
    if (!(mask & KEPT))
        return 0;
    memset(info, 0, sizeof(*info));
    if (thread && thread->pending) {
        memcpy(info, thread->pending_info.bytes, INFO_BYTES);
        thread->pending = false;
        return SIGSEGV;
    }
    if (!compare_exchange_acq_rel(&process_pending.there, &there, 1))
        return 0;
    memcpy(info, process_pending.info.bytes, INFO_BYTES);
    store_release(&process_pending.there, 0); /* to the next signals_pend() */
    return SIGSEGV;
}

void signals_mask_forked(void)
{
    store_relaxed(&process_pending.there, 0);
    store_relaxed(&waiting, 0);
    if (signals_local.thread) {
        signals_local.thread->pending = false;
        signals_local.thread->tid = sys_gettid();
    }
}

/* --- really blocked for a while -------------------------------------------------------------------------------------- */

static void really(int how, uint64_t mask)
{
    if (mask)
        sys_call(SYS_rt_sigprocmask, how, (long)&mask, 0, sizeof(mask), 0, 0);
}

void signals_real_mask(struct signals_real_mask *guard, uint64_t mask)
{
    guard->blocked = mask & signals_kept();
    really(SIG_BLOCK, guard->blocked);
}

void signals_real_mask_end(const struct signals_real_mask *guard) { really(SIG_UNBLOCK, guard->blocked); }

/* A pending signal is inherited too. Only the caller's process: what a vfork's child finds is its parent's. */
void signals_before_exec(struct signals_real_mask *guard)
{
    struct sigaction set;
    siginfo_t info;
    signals_real_mask(guard, signals_blocked_kept());
    if (!signals_translated || sys_getpid() != runtime.pid)
        return;
    if (guard->blocked && signals_take_pending(KEPT, &info))
        signals_send_again(&info);
    if (!action_read(SIGSEGV, &set) && set.sa_handler == SIG_IGN)
        REAL(sigaction)(SIGSEGV, &set, NULL);
}

void signals_exec_failed(const struct signals_real_mask *guard)
{
    struct sigaction set;
    if (signals_translated && sys_getpid() == runtime.pid && !action_read(SIGSEGV, &set) &&
        set.sa_handler == SIG_IGN)
        signals_action(SIGSEGV, &set, NULL);
    signals_real_mask_end(guard);
}

void signals_wait_begin(uint64_t mask)
{
    if (mask & signals_kept())
        store_release(&waiting, sys_gettid()); /* to wake_waiter() */
}

void signals_wait_end(void)
{
    if (UNLIKELY(load_relaxed(&waiting)) && load_relaxed(&waiting) == sys_gettid())
        store_relaxed(&waiting, 0);
}

/* --- threads ----------------------------------------------------------------------------------------------------------- */

/* What the kernel blocks of them moves to where the program sees it. */
static bool really_blocked(void)
{
    uint64_t kept = KEPT, before = 0;
    sys_call(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&kept, (long)&before, sizeof(kept), 0, 0);
    return before & KEPT;
}

void signals_thread_start(bool blocks)
{
    if (LIKELY(!signals_translated))
        return;
    signals_local.blocks = blocks;
    signal_thread_here();
    if (really_blocked()) /* by the thread's attributes */
        signals_local.blocks = true;
}

void signals_thread_adopt(void)
{
    if (LIKELY(!signals_translated) || signals_local.thread)
        return;
    signals_thread_start(false);
    tr_thread_start();
}
