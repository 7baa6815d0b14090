/* SPDX-License-Identifier: MIT */
/* Signals of the program: deferred while the detector works, and known to the analysis.
 *
 * Every handler that the program installs is replaced by ours, which calls it: at once when the thread
 * is in the program's code or in a blocking call; else the signal is put in the thread's queue and sent
 * to it again, with the same siginfo (rt_tgsigqueueinfo), when the detector is left. Faults (SIGSEGV,
 * SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS raised by an instruction) are never queued.
 *
 * The thread's signal mask is never changed by the detector while the program's code or a real call of the
 * program runs: what inherits or returns the mask (pthread_create, fork, sigprocmask) sees the program's. */
#ifndef DETECT_RUNTIME_SIGNALS_H
#define DETECT_RUNTIME_SIGNALS_H

#include <signal.h>

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

#endif
