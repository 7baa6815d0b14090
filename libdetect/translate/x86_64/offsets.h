/* SPDX-License-Identifier: MIT */
/* Offsets in struct tr_thread, for assembly; offsets.c asserts them. Labels of enter.S. */
#ifndef DETECT_TRANSLATE_X86_64_OFFSETS_H
#define DETECT_TRANSLATE_X86_64_OFFSETS_H

#define THREAD_SPILL0 0
#define THREAD_SPILL1 8
#define THREAD_SPILL2 16
#define THREAD_RESUME 80
#define THREAD_INSIDE 88
#define THREAD_STACK_TOP 96
#define THREAD_GPR 120
#define THREAD_FLAGS 248

#define INSIDE_WORKING 1
#define FLAG_DIRECTION 0x400

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Code labels. [enter_exit, enter_exit_working): on the way in with the program's registers untouched but for rax and
 * rcx; likewise the three others. From the second label on, `inside` is WORKING. */
extern const char enter_exit[], enter_exit_working[];
extern const char enter_hook[], enter_hook_working[];
extern const char enter_tested[], enter_tested_working[];
extern const char enter_indirect[], enter_indirect_working[];
/* `inside` is LEAVING: everything is read from tr_thread.context, and starting again does no harm. */
extern const char leave_start[], leave_end[];
/* In copy_guarded. */
extern const char copy_start[], copy_end[];
/* In load_guarded. */
extern const char load_start[], load_end[], load_failed[];
/* In length_guarded and length_guarded_wide. */
extern const char length_guarded_start[], length_guarded_end[];
extern const char length_guarded_wide_start[], length_guarded_wide_end[];

void with_vectors_saved(void (*function)(void *), void *arg);
void on_stack(uint8_t *top, void (*function)(void *), void *arg);
#endif

#endif
