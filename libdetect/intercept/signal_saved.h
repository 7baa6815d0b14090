/* SPDX-License-Identifier: MIT */
/* Signal masks that libc saves in the program's memory (sigsetjmp, getcontext, swapcontext) and gives back to the kernel
 * later. In a translated program they lack SIGSEGV (runtime/signals.h), and whether the program blocked it is kept next to
 * them, in the second word of the sigset_t, which stands for signals that do not exist. */
#ifndef DETECT_INTERCEPT_SIGNAL_SAVED_H
#define DETECT_INTERCEPT_SIGNAL_SAVED_H

#include <setjmp.h>
#include <ucontext.h>

#include "base/compiler.h"

/* The kept signals (signals_kept) that are blocked after the jump; what is left for the kernel does not contain them. */
uint64_t saved_in_jump(struct __jmp_buf_tag *to);
uint64_t saved_in_context(const ucontext_t *to);
/* Before swapcontext saves the thread's mask in it. */
void save_in_context(ucontext_t *from);
/* A context whose mask does not contain them: `to` itself or a copy that lasts until it is switched to. */
const ucontext_t *context_for_kernel(const ucontext_t *to);

/* At the takeover: translated calls of sigsetjmp and getcontext come through here. */
void saved_take_over(void);
/* Translated calls of libc's functions that were bound past ours come to ours (signal_bound.c). */
void bound_take_over(void);

#endif
