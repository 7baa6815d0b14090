/* SPDX-License-Identifier: MIT */
/* Stacks of the detector's own, for work that is too deep for the program's: walks, symbol look-ups, events
 * that are sent from a signal handler on an alternate stack. */
#ifndef DETECT_RUNTIME_WORK_STACK_H
#define DETECT_RUNTIME_WORK_STACK_H

#include "base/compiler.h"

#define WORK_STACK_BYTES (128u << 10)

/* Runs function(arg) on the stack that ends at `top` (16-byte aligned) and comes back. On CPUs without the
 * few lines of assembly: a plain call. */
void work_stack_switch(void *top, void (*function)(void *), void *arg);
/* The same on a stack from a small pool, or in place when none is free. Needs signals deferred. */
void work_stack_run(void (*function)(void *), void *arg);
/* Child of a fork: stacks that other threads used are free. */
void work_stack_forked(void);

#endif
