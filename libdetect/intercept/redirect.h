/* SPDX-License-Identifier: MIT */
/* What translated code reaches through us (tr_redirect): functions of native libraries that look at their caller's
 * address, those that are given an address to look at, and those that call the program back. */
#ifndef DETECT_INTERCEPT_REDIRECT_H
#define DETECT_INTERCEPT_REDIRECT_H

#include "base/compiler.h"

/* What native code shall call instead of the program's function, to spare it the fault of each call. Outside of the
 * detector. */
uintptr_t translated_entry(uintptr_t function);

/* tr_redirect, with the effects of the function told first if it is in the table of libc_effects.h. At takeover. */
bool redirect_native(uintptr_t function, uintptr_t instead);

/* A call on its way, as the entries in assembly push it. */
struct redirected_call {
    uintptr_t r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
};

/* Does to the call what the function of that name needs, if it is one of ours; `return_address` lies on the stack. */
void redirect_prepare_named(const char *name, struct redirected_call *call, uintptr_t *return_address);
/* Finds the dynamic linker's resolver, if there is a module by now that uses it (lazy_binding.c). */
void lazy_binding_redirect(void);

/* In assembly: pushes a struct redirected_call, 72 bytes, with 8 more for the alignment where the stack is aligned
 * before, and pops it. */
#define PUSH_CALL                                                                                                      \
    "    push %rax\n    .cfi_adjust_cfa_offset 8\n"                                                                    \
    "    push %rcx\n    .cfi_adjust_cfa_offset 8\n"                                                                    \
    "    push %rdx\n    .cfi_adjust_cfa_offset 8\n"                                                                    \
    "    push %rsi\n    .cfi_adjust_cfa_offset 8\n"                                                                    \
    "    push %rdi\n    .cfi_adjust_cfa_offset 8\n"                                                                    \
    "    push %r8\n    .cfi_adjust_cfa_offset 8\n"                                                                     \
    "    push %r9\n    .cfi_adjust_cfa_offset 8\n"                                                                     \
    "    push %r10\n    .cfi_adjust_cfa_offset 8\n"                                                                    \
    "    push %r11\n    .cfi_adjust_cfa_offset 8\n"

#define POP_CALL                                                                                                       \
    "    pop %r11\n    .cfi_adjust_cfa_offset -8\n"                                                                    \
    "    pop %r10\n    .cfi_adjust_cfa_offset -8\n"                                                                    \
    "    pop %r9\n    .cfi_adjust_cfa_offset -8\n"                                                                     \
    "    pop %r8\n    .cfi_adjust_cfa_offset -8\n"                                                                     \
    "    pop %rdi\n    .cfi_adjust_cfa_offset -8\n"                                                                    \
    "    pop %rsi\n    .cfi_adjust_cfa_offset -8\n"                                                                    \
    "    pop %rdx\n    .cfi_adjust_cfa_offset -8\n"                                                                    \
    "    pop %rcx\n    .cfi_adjust_cfa_offset -8\n"                                                                    \
    "    pop %rax\n    .cfi_adjust_cfa_offset -8\n"

#endif
