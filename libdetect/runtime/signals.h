/* SPDX-License-Identifier: MIT */
/* Signals of the program: deferred while the detector works, and known to the analysis.
 *
 * Every handler that the program installs is replaced by ours, which calls it: at once when the thread
 * is in the program's code or in a blocking call; else the signal is put in the thread's queue and sent
 * to it again, with the same siginfo (rt_tgsigqueueinfo), when the detector is left. Faults (SIGSEGV,
 * SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS raised by an instruction) are never queued.
 *
 * The thread's signal mask is never changed by the detector while the program's code or a real call of the
 * program runs: what inherits or returns the mask (pthread_create, fork, sigprocmask) sees the program's.
 *
 * From the takeover on (`signals_translated`) one signal is an exception, SIGSEGV, on which translation runs: whatever
 * the program does, the kernel does not block it and has our handler for it. That the program blocks it is kept here,
 * and masks that go to the kernel are stripped of it (signals_kept). */
#ifndef DETECT_RUNTIME_SIGNALS_H
#define DETECT_RUNTIME_SIGNALS_H

#include <signal.h>
#include <ucontext.h>

#include "base/compiler.h"
#include "runtime/self.h"

/* Installs `act` for the program, as sigaction(2); `old` is what the program had set. Callable with or
 * without a `self`, and in the child of a vfork, where it changes nothing but the kernel's table. Tells the
 * analysis which signals have handlers (EVENT_HANDLED). */
int signals_action(int signo, const struct sigaction *act, struct sigaction *old);
/* Before the program's code is translated: our handler sees SIGSEGV, SIGBUS, SIGILL and SIGTRAP from here on. */
void signals_take_faults(void);
/* Sends this thread its queued signals; called by self_leave_slow with depth 0. */
void signals_deliver(struct self *self);
/* Handlers whose frames lie below `sp` were left by longjmp or an exception: the analysis is told. Called for
 * each event inside a handler. */
void signals_check_left(struct self *self, uintptr_t sp);
/* All handlers of this thread are left (setcontext and the like, whose target stack tells nothing). */
void signals_all_left(struct self *self);
/* The queue of a new thread. */
bool signals_start(struct self *self);
/* At the thread's end, with all signals blocked: what is still queued is sent again. */
void signals_deliver_last(struct self *self);
void signals_discard(struct self *self);
void signals_forked(void);

/* Blocks all signals of the calling thread, and restores what was blocked before. For the detector's own
 * work outside of self_enter/self_leave. */
uint64_t signals_block_all(void);
void signals_restore(uint64_t mask);

/* --- translation ------------------------------------------------------------------------------------------------- */

extern bool signals_translated;

/* Before the program's code is taken over, by the only thread. */
void signals_take_over(void);
/* A thread leaves the translator: what has come meanwhile is sent again. All signals are blocked (struct tr_host). */
void signals_on_leave(void *mask);
/* First thing in a new thread; `blocks` as its creator has found out. */
void signals_thread_start(bool blocks);
/* The same for a thread that was not created by the program, and is met now. */
void signals_thread_adopt(void);
/* The thread will end soon. */
void signals_thread_ending(void);
/* sigaltstack(2), by a caller with that stack pointer: 0 or -errno. */
long signals_altstack(const stack_t *wanted, stack_t *old, uintptr_t sp);
/* Ours comes before the handler that libc has installed for cancellation. False: it has not yet. */
bool signals_wrap_cancel(void);

/* Signals that the kernel must not block; bit signo-1. */
static inline uint64_t signals_kept(void)
{
    return UNLIKELY(signals_translated) ? 1ull << (SIGSEGV - 1) : 0;
}
/* Which of those the program believes that this thread blocks. */
uint64_t signals_blocked_kept(void);
/* From now on the thread blocks exactly these of them, for the program. What is pending and no longer blocked comes
 * now. */
void signals_block_kept(uint64_t mask);
/* Which of them are pending. */
uint64_t signals_pending_kept(void);
/* Those that the kernel may have a handler of ours or of libc's for though the program has none. */
uint64_t signals_reserved(void);
/* The first bytes of a siginfo_t: sent to this thread, again. */
void signals_send_again(const void *info);
/* A pending one of `mask` is taken (sigwait); its number or 0. */
int signals_take_pending(uint64_t mask, siginfo_t *info);

/* Around a native call that passes the thread's mask on to another program (exec, spawn) or waits for signals: what the
 * program blocks is really blocked. */
struct signals_real_mask {
    uint64_t blocked;
};
void signals_real_mask(struct signals_real_mask *guard, uint64_t mask);
void signals_real_mask_end(const struct signals_real_mask *guard);
/* A process is about to become another program: ignored signals stay so. */
void signals_before_exec(struct signals_real_mask *guard);
void signals_exec_failed(const struct signals_real_mask *guard);
/* This thread waits for signals of `mask` in the kernel, with signals_real_mask. */
void signals_wait_begin(uint64_t mask);
void signals_wait_end(void);
/* What such a wait has got is no signal: one of the process is pending. */
bool signals_is_wake(const siginfo_t *info);

void signals_mask_forked(void);

/* A system call that the program makes by itself, with that stack pointer. True: it was one about signals, and *result is
 * its result. A wait with a mask is left to the caller: what the kernel must not block is taken out where the mask lies. */
bool signals_by_number(long number, const long arguments[6], uintptr_t sp, long *result);

#endif
