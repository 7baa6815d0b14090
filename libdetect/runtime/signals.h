/* SPDX-License-Identifier: MIT */
/* Signals of the program: deferred while the detector works, and known to the analysis.
 *
 * Every handler that the program installs is replaced by ours, which calls it: at once when the thread
 * is in the program's code or in a blocking call; else the signal is put in the thread's queue and sent
 * to it again, with the same siginfo (rt_tgsigqueueinfo), when the detector is left. Faults (SIGSEGV,
 * SIGBUS, SIGFPE, SIGILL, SIGTRAP raised by an instruction) are never queued. */
#ifndef DETECT_RUNTIME_SIGNALS_H
#define DETECT_RUNTIME_SIGNALS_H

#include <signal.h>

#include "runtime/self.h"

/* Installs `act` for the program, as sigaction(2); `old` is what the program had set. */
int signals_action(int signo, const struct sigaction *act, struct sigaction *old);
/* Sends this thread its queued signals; called by self_leave_slow with depth 0. */
void signals_deliver(struct self *self);
void signals_forked(void);

#endif
