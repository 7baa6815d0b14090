/* SPDX-License-Identifier: MIT */
/* Finds out that a process can never go on.
 *
 * When the last running thread begins a wait that only another thread of the process could end, nobody
 * is left to look. So a helper process that shares our memory (clone with CLONE_VM, not CLONE_THREAD: it
 * is in no thread list, takes none of the program's signals, is no child that wait() would return, and has
 * its own table of descriptors with nothing in it but the report) is started when that first happens. It looks
 * at detector_pulse() a few times a second; when nothing has moved and the kernel too says that every
 * task of the process sleeps, it asks the analysis for its verdict. */
#ifndef DETECT_RUNTIME_MONITOR_H
#define DETECT_RUNTIME_MONITOR_H

#include "base/compiler.h"

/* All threads wait at this moment (most often they will not for long). Starts the helper if there is
 * none; otherwise costs one load. */
void monitor_wake(void);
/* Before exec and at exit: the helper must not outlive the program. */
void monitor_stop(void);
/* Whether the caller is the helper: its process id is not the program's, and yet it speaks for it. */
bool monitor_is_caller(void);
/* Child of a fork: the parent's helper is not ours. */
void monitor_forked(void);

#endif
